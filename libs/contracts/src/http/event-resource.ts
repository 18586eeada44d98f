import { z } from 'zod';
import { instant } from './instant.ts';
import { DEFAULT_PAGE_LIMIT, MAX_PAGE_LIMIT, pageOf } from './page.ts';

/** Query of GET /events: oldest first, from after a global position; each filter leaves out what does not match. */
export const eventListQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_LIMIT).default(DEFAULT_PAGE_LIMIT),
  after: z
    .string()
    .regex(/^\d{1,19}$/, 'must be a global position')
    .optional(),
  stream: z.string().min(1).max(300).optional(),
  /** Such as DeviceDisabled. */
  type: z.string().min(1).max(64).optional(),
  /** Who did it: the name of an API key, `edge:<id>`, `bootstrap`. */
  actor: z.string().min(1).max(128).optional(),
  /** Recorded at this instant or later, ISO 8601. */
  from: instant.optional(),
  /** Recorded before this instant, ISO 8601. */
  to: instant.optional(),
});

/** One event of the log, for audit. Holds no secret. */
export const loggedEvent = z.strictObject({
  globalPosition: z.string(),
  stream: z.string(),
  version: z.int().positive(),
  type: z.string(),
  at: z.iso.datetime(),
  actor: z.string(),
  traceId: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
});
export type LoggedEvent = z.infer<typeof loggedEvent>;
export const eventPage = pageOf(loggedEvent);
