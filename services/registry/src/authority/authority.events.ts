import { z } from 'zod';

/** The private key is never part of an event. */
const authorityCreated = z.strictObject({
  type: z.literal('AuthorityCreated'),
  data: z.strictObject({
    authorityId: z.string(),
    commonName: z.string(),
    /** PEM. */
    certificate: z.string(),
    notAfter: z.iso.datetime(),
  }),
});

/** Its certificates went with it. */
const authorityDeleted = z.strictObject({
  type: z.literal('AuthorityDeleted'),
  data: z.strictObject({ authorityId: z.string() }),
});

export const authorityEvent = z.discriminatedUnion('type', [authorityCreated, authorityDeleted]);
export type AuthorityEvent = z.infer<typeof authorityEvent>;
