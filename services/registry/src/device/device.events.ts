import { z } from 'zod';

const device = { productKey: z.string(), deviceName: z.string() };

const deviceImported = z.strictObject({
  type: z.literal('DeviceImported'),
  data: z.strictObject({
    ...device,
    serialNumber: z.string().nullable(),
    /** The newest session of a deleted device that had the name before; 0 without one. */
    ignoresSessionsUpTo: z.int().nonnegative(),
  }),
});

/** Made because an authenticator named it; it has no password here. */
const deviceCreated = z.strictObject({
  type: z.literal('DeviceCreated'),
  data: z.strictObject({
    ...device,
    /** As of DeviceImported. */
    ignoresSessionsUpTo: z.int().nonnegative(),
  }),
});

const session = {
  ...device,
  gatewayId: z.string(),
  /** Number of the session: grows with each takeover of the device. */
  session: z.int().positive(),
  edgeId: z.string(),
  clientId: z.string(),
  remoteAddress: z.string(),
  protocolVersion: z.union([z.literal(3), z.literal(4), z.literal(5)]),
  /** By the edge's clock. */
  at: z.iso.datetime(),
};

const deviceConnected = z.strictObject({
  type: z.literal('DeviceConnected'),
  data: z.strictObject(session),
});

const deviceDisconnected = z.strictObject({
  type: z.literal('DeviceDisconnected'),
  data: z.strictObject({
    ...session,
    reason: z.string(),
    /** A newer session was known already: the device's status is that one's. */
    isSuperseded: z.boolean(),
  }),
});

const bare = <Type extends string>(type: Type) =>
  z.strictObject({ type: z.literal(type), data: z.strictObject(device) });

export const deviceEvent = z.discriminatedUnion('type', [
  deviceImported,
  deviceCreated,
  deviceConnected,
  deviceDisconnected,
  bare('DeviceDisabled'),
  bare('DeviceEnabled'),
  bare('DeviceCredentialsReplaced'),
  bare('DeviceDeleted'),
]);
export type DeviceEvent = z.infer<typeof deviceEvent>;
