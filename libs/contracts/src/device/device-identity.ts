import { z } from 'zod';

const CREDENTIAL_CHARACTERS = /^[A-Za-z0-9\-_@.:]+$/;

export const gatewayId = z.string().regex(/^[a-z0-9-]{1,64}$/);
export const productKey = z.string().regex(/^[A-Za-z0-9]{1,64}$/);

export const deviceName = z
  .string()
  .min(4, 'must have at least 4 characters')
  .max(32, 'must have at most 32 characters')
  .regex(CREDENTIAL_CHARACTERS, 'may hold letters, digits, - _ @ . : only')
  .describe(
    '4 to 32 characters: letters, digits, `-` `_` `@` `.` `:`; also the MQTT user name of an imported device',
  );

export const devicePassword = z
  .string()
  .min(1, 'must have at least 1 character')
  .max(32, 'must have at most 32 characters')
  .regex(CREDENTIAL_CHARACTERS, 'may hold letters, digits, - _ @ . : only')
  .describe('1 to 32 characters: letters, digits, `-` `_` `@` `.` `:`');

export const deviceSerialNumber = z
  .string()
  .min(1, 'must have at least 1 character')
  .max(64, 'must have at most 64 characters')
  .regex(/^[A-Za-z0-9_]+$/, 'may hold letters, digits and _ only')
  .describe('Serial number: 1 to 64 letters, digits or `_`');

/** The reference platform's spelling. */
export const deviceStatus = z
  .enum(['UNACTIVE', 'ONLINE', 'OFFLINE', 'DISABLE'])
  .describe('`UNACTIVE`: never connected so far; `ONLINE`, `OFFLINE`; `DISABLE`: may not connect');
export type DeviceStatus = z.infer<typeof deviceStatus>;
