import { z } from 'zod';
import { pageOf } from './page.ts';

/** Weakest first; each role may do what those before it may. */
export const apiKeyRole = z
  .enum(['viewer', 'operator', 'administrator'])
  .describe(
    '`viewer` reads; `operator` also changes devices, sends messages and writes parsing scripts; ' +
      '`administrator` also changes gateways and API keys',
  );
export type ApiKeyRole = z.infer<typeof apiKeyRole>;

/** Body of POST /api-keys. The name stands as the actor in every event that the key causes. */
export const apiKeyInput = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9 _.@-]{0,63}$/, 'must be 1 to 64 letters, digits, spaces or _ . @ -'),
  role: apiKeyRole,
});
export type ApiKeyInput = z.infer<typeof apiKeyInput>;

export const apiKeyView = z.strictObject({
  apiKeyId: z.string(),
  name: z.string(),
  role: apiKeyRole,
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
});
export type ApiKeyView = z.infer<typeof apiKeyView>;
/** Keys in use; a revoked one is in the event log only. */
export const apiKeyPage = pageOf(apiKeyView);

/** The answer of POST /api-keys: the one time that the key itself is shown. */
export const newApiKeyView = apiKeyView.extend({
  key: z.string().describe('`gh_` and 43 characters; shown this once'),
});
export type NewApiKeyView = z.infer<typeof newApiKeyView>;
