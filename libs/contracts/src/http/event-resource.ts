import { z } from 'zod';
import { instant } from './instant.ts';
import { pageOf, pageQuery } from './page.ts';

const WHO = 'Who did it: the name of an API key, `edge:<id>`, `authenticator:<gatewayId>`, `bootstrap`';
const NO_POSITION = 'must be the next of the page before, or the globalPosition of an event';
/** PostgreSQL's bigint. */
const MAX_POSITION = 9_223_372_036_854_775_807n;

/** Query of GET /events: oldest first, from after a global position; each filter leaves out what does not match. */
export const eventListQuery = z
  .strictObject({
    limit: pageQuery.shape.limit,
    after: z
      .string()
      .regex(/^\d{1,19}$/, { error: NO_POSITION, abort: true })
      .refine((text) => BigInt(text) <= MAX_POSITION, { error: NO_POSITION })
      .optional(),
    stream: z.string().min(1).max(300).optional(),
    type: z.string().min(1).max(64).optional().describe('Such as DeviceDisabled'),
    actor: z.string().min(1).max(128).optional().describe(WHO),
    from: instant.optional().describe('Recorded at this instant or later, ISO 8601'),
    to: instant.optional().describe('Recorded before this instant, ISO 8601'),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) < Date.parse(to), {
    path: ['to'],
    error: 'must be later than from',
  });

/** One event of the log, for audit. Holds no secret. */
export const loggedEvent = z.strictObject({
  globalPosition: z.string().describe('Place in the whole log, a decimal number'),
  stream: z.string(),
  version: z.int().positive().describe('Counts the events of the thing from 1'),
  type: z.string(),
  at: z.iso.datetime(),
  actor: z.string().describe(WHO),
  traceId: z.string().nullable().describe('Of the trace that wrote it; null when nothing was traced'),
  data: z.record(z.string(), z.unknown()).describe('What the type of the event tells; no secret'),
});
export type LoggedEvent = z.infer<typeof loggedEvent>;
export const eventPage = pageOf(loggedEvent);
