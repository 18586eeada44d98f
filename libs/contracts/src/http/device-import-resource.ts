import { z } from 'zod';
import { pageOf } from './page.ts';

export const deviceImportState = z.enum(['running', 'succeeded', 'failed']);

/** One call of devices:import, dry runs too, as it can be read while it runs and afterwards. */
export const deviceImportView = z.strictObject({
  importId: z.string().describe('Later imports have greater ids'),
  productKey: z.string(),
  state: deviceImportState,
  dryRun: z.boolean(),
  actor: z.string().describe('Who asked for it'),
  rows: z.int().nonnegative().describe('Rows that were sent'),
  rowsDone: z
    .int()
    .nonnegative()
    .describe('Rows that are prepared: the devices themselves appear all at once, at the end'),
  imported: z.int().nonnegative().describe('All rows, or 0'),
  invalidRows: z.int().nonnegative().describe('Rows with at least one error; …/invalid-rows names them'),
  failure: z
    .strictObject({ code: z.string(), message: z.string() })
    .nullable()
    .describe('Why it failed; null unless it did'),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
});
export type DeviceImportView = z.infer<typeof deviceImportView>;
export const deviceImportPage = pageOf(deviceImportView);
