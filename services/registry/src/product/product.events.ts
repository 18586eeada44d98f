import { z } from 'zod';

const productCreated = z.strictObject({
  type: z.literal('ProductCreated'),
  data: z.strictObject({ productKey: z.string(), gatewayId: z.string(), name: z.string() }),
});

/** Its devices went with it. */
const productDeleted = z.strictObject({
  type: z.literal('ProductDeleted'),
  data: z.strictObject({ productKey: z.string() }),
});

export const productEvent = z.discriminatedUnion('type', [productCreated, productDeleted]);
export type ProductEvent = z.infer<typeof productEvent>;
