import { z } from 'zod';
import { deviceView } from './device-resource.ts';
import { gatewayView } from './gateway-resource.ts';
import { instant } from './instant.ts';

/** Query of GET on a thing that has a past: its state at that instant instead of now. */
export const atQuery = z.strictObject({ at: instant.optional() });

/** What a state of the past goes back to. */
export const lastChange = z.strictObject({
  version: z.int().positive().describe('Of the thing: counts its changes from 1'),
  changedBy: z.string().describe('Who made the last change'),
  changedAt: z.iso.datetime(),
});
export type LastChange = z.infer<typeof lastChange>;

export const deviceStateAt = deviceView.extend(lastChange.shape);
export type DeviceStateAt = z.infer<typeof deviceStateAt>;
/** Answer of GET …/devices/{deviceName}, without and with `at`. */
export const deviceNowOrThen = z.union([deviceView, deviceStateAt]);

/** Without status: whether edges listened is not in the log. */
export const gatewayStateAt = gatewayView.omit({ status: true, statusReason: true }).extend(lastChange.shape);
export type GatewayStateAt = z.infer<typeof gatewayStateAt>;
/** Answer of GET /gateways/{gatewayId}, without and with `at`. */
export const gatewayNowOrThen = z.union([gatewayView, gatewayStateAt]);
