import { z } from 'zod';

const CREDENTIAL_CHARACTERS = /^[A-Za-z0-9\-_@.:]+$/;

export const gatewayId = z.string().regex(/^[a-z0-9-]{1,64}$/);
export const productKey = z.string().regex(/^[A-Za-z0-9]{1,64}$/);

/** 4 to 32 characters: letters, digits, `-` `_` `@` `.` `:`; also the MQTT user name of an imported device. */
export const deviceName = z
  .string()
  .min(4, 'must have at least 4 characters')
  .max(32, 'must have at most 32 characters')
  .regex(CREDENTIAL_CHARACTERS, 'may hold letters, digits, - _ @ . : only');

/** 1 to 32 characters of the same set. */
export const devicePassword = z
  .string()
  .min(1, 'must have at least 1 character')
  .max(32, 'must have at most 32 characters')
  .regex(CREDENTIAL_CHARACTERS, 'may hold letters, digits, - _ @ . : only');

/** Serial number: 1 to 64 letters, digits or `_`. */
export const deviceSerialNumber = z
  .string()
  .min(1, 'must have at least 1 character')
  .max(64, 'must have at most 64 characters')
  .regex(/^[A-Za-z0-9_]+$/, 'may hold letters, digits and _ only');

/** The reference platform's spelling. */
export const deviceStatus = z.enum(['UNACTIVE', 'ONLINE', 'OFFLINE', 'DISABLE']);
export type DeviceStatus = z.infer<typeof deviceStatus>;
