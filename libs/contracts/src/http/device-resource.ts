import { z } from 'zod';
import { deviceName, devicePassword, deviceSerialNumber, deviceStatus } from '../device/device-identity.ts';
import { loggedEvent } from './event-resource.ts';
import { pageOf, pageQuery } from './page.ts';

export const deviceView = z.strictObject({
  productKey: z.string(),
  deviceName: z.string().describe('Also the MQTT user name'),
  sn: z.string().nullable(),
  status: deviceStatus,
  clientId: z
    .string()
    .nullable()
    .describe('Of the live connection, else of the last one; null before the first'),
  remoteAddress: z.string().nullable().describe('As clientId'),
  edgeId: z.string().nullable().describe('The edge that holds the connection, or held it'),
  createdAt: z.iso.datetime(),
  activatedAt: z.iso.datetime().nullable().describe('When it connected for the first time'),
  lastOnlineAt: z.iso.datetime().nullable(),
  lastOfflineAt: z.iso.datetime().nullable(),
  updatedAt: z.iso.datetime(),
});
export type DeviceView = z.infer<typeof deviceView>;
export const devicePage = pageOf(deviceView);

export const deviceListQuery = pageQuery.extend({
  status: deviceStatus.optional(),
  prefix: z.string().max(32).optional().describe("What the device's name begins with"),
  sn: z.string().max(64).optional().describe('The whole serial number'),
});

/** The query of devices:export: the filters of the list. */
export const deviceExportQuery = deviceListQuery.omit({ limit: true, after: true });

/** Rows of one import call, at most. */
export const MAX_IMPORT_ROWS = 10_000;

/** What a schema that takes any text tells of the one that the text is checked with afterwards. */
function shownAs(checked: z.ZodString) {
  const { description, minLength, maxLength, pattern } = z.toJSONSchema(checked);
  return { description, minLength, maxLength, pattern };
}

/**
 * JSON body of devices:import. Rows are checked by the import, which names every bad one, so anything that is
 * text gets through here.
 */
export const deviceImportInput = z.strictObject({
  devices: z.array(
    z.strictObject({
      username: z.string().meta(shownAs(deviceName)),
      password: z.string().meta(shownAs(devicePassword)),
      sn: z.string().nullish().meta(shownAs(deviceSerialNumber)),
    }),
  ),
});
export type DeviceImportInput = z.infer<typeof deviceImportInput>;

export const deviceImportQuery = z.strictObject({
  dryRun: z.enum(['true', 'false']).default('false'),
});

/** One thing that is wrong with one row. */
export const importRowError = z.strictObject({
  path: z.string().describe('Where it is: `devices[4].username` in JSON, `line 6, username` in CSV'),
  line: z.int().positive().describe('Counts from 1: in JSON the row, in CSV the line of the file'),
  field: z
    .enum(['username', 'password', 'sn', 'row'])
    .describe('`row`: all of it, such as a CSV row with more fields than the header'),
  username: z.string().describe('As given, cut at 64 characters'),
  reason: z.string(),
});
export type ImportRowError = z.infer<typeof importRowError>;

/** `imported` is 0 in a dry run; with errors nothing is imported. */
export const importResult = z.strictObject({
  importId: z.string().describe('Names the import for GET …/imports/{importId}'),
  dryRun: z.boolean(),
  rows: z.int().nonnegative().describe('Rows that were sent'),
  imported: z.int().nonnegative().describe('All rows, or 0: in a dry run'),
  errors: z.array(importRowError).describe('Of a dry run: what is wrong, empty when nothing is'),
});
export type ImportResult = z.infer<typeof importResult>;

/** Body of PUT …/credentials. */
export const deviceCredentialsInput = z.strictObject({ password: devicePassword });

/** One event of a device's history, as the log has it. */
export const deviceHistoryEvent = loggedEvent.omit({ stream: true });
export type DeviceHistoryEvent = z.infer<typeof deviceHistoryEvent>;
/** Newest first; `next` goes into `before`. */
export const deviceHistoryPage = pageOf(deviceHistoryEvent);
