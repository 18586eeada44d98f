import { apiKeyRole } from '@gatehouse/contracts';
import { z } from 'zod';

/** Neither the key nor its hash is ever part of an event. */
export const apiKeyCreated = z.strictObject({
  type: z.literal('ApiKeyCreated'),
  data: z.strictObject({ apiKeyId: z.string(), name: z.string(), role: apiKeyRole }),
});

export const apiKeyRevoked = z.strictObject({
  type: z.literal('ApiKeyRevoked'),
  data: z.strictObject({ apiKeyId: z.string() }),
});

export const apiKeyEvent = z.discriminatedUnion('type', [apiKeyCreated, apiKeyRevoked]);
export type ApiKeyEvent = z.infer<typeof apiKeyEvent>;
