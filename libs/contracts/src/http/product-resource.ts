import { z } from 'zod';
import { pageOf } from './page.ts';

export const productView = z.strictObject({
  productKey: z.string(),
  /** `Gateway+<gatewayId>` */
  name: z.string(),
  gatewayId: z.string(),
  createdAt: z.iso.datetime(),
});
export type ProductView = z.infer<typeof productView>;
export const productPage = pageOf(productView);
