import { z } from 'zod';
import { pageOf } from './page.ts';

export const deviceImportState = z.enum(['running', 'succeeded', 'failed']);

/** One call of devices:import, dry runs too, as it can be read while it runs and afterwards. */
export const deviceImportView = z.strictObject({
  /** Later imports have greater ids. */
  importId: z.string(),
  productKey: z.string(),
  state: deviceImportState,
  dryRun: z.boolean(),
  /** Who asked for it. */
  actor: z.string(),
  rows: z.int().nonnegative(),
  /** Rows that are prepared: the devices themselves appear all at once, at the end. */
  rowsDone: z.int().nonnegative(),
  imported: z.int().nonnegative(),
  /** Rows with at least one error; …/invalid-rows names them. */
  invalidRows: z.int().nonnegative(),
  /** Why it failed; null unless it did. */
  failure: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
});
export type DeviceImportView = z.infer<typeof deviceImportView>;
export const deviceImportPage = pageOf(deviceImportView);
