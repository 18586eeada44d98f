import { z } from 'zod';
import { pageOf } from './page.ts';

export const productView = z.strictObject({
  productKey: z.string(),
  name: z.string().describe('`Gateway+<gatewayId>`'),
  gatewayId: z.string(),
  createdAt: z.iso.datetime(),
});
export type ProductView = z.infer<typeof productView>;
export const productPage = pageOf(productView);
