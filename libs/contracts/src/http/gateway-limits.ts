import { z } from 'zod';

/** The reference platform's values where they help users; any keep alive is allowed. */
export const DEFAULT_GATEWAY_LIMITS = {
  maxPacketBytes: 262_144,
  maxSubscriptions: 100,
  keepAlive: null,
  connectsPerMinute: 5,
} as const;

const fields = {
  maxPacketBytes: z.int().min(1_024).max(262_144).describe('Of one MQTT packet'),
  maxSubscriptions: z.int().min(1).max(1_000).describe('Of one device'),
  keepAlive: z
    .strictObject({ minSeconds: z.int().min(1).max(65_535), maxSeconds: z.int().min(1).max(65_535) })
    .refine(({ minSeconds, maxSeconds }) => minSeconds <= maxSeconds, {
      path: ['maxSeconds'],
      error: 'must be at least minSeconds',
    })
    .nullable()
    .describe('Which Keep Alive a CONNECT may ask for; null: any, and none'),
  connectsPerMinute: z
    .int()
    .min(1)
    .max(6_000)
    .nullable()
    .describe(
      'How often a device may connect in a minute; null: as often as it likes. A connect that follows a clean ' +
        'DISCONNECT is not counted.',
    ),
};

/** What one device may ask of a gateway. */
export const gatewayLimits = z.strictObject(fields);
export type GatewayLimits = z.infer<typeof gatewayLimits>;

export const gatewayLimitsInput = z.strictObject({
  maxPacketBytes: fields.maxPacketBytes.default(DEFAULT_GATEWAY_LIMITS.maxPacketBytes),
  maxSubscriptions: fields.maxSubscriptions.default(DEFAULT_GATEWAY_LIMITS.maxSubscriptions),
  keepAlive: fields.keepAlive.default(DEFAULT_GATEWAY_LIMITS.keepAlive),
  connectsPerMinute: fields.connectsPerMinute.default(DEFAULT_GATEWAY_LIMITS.connectsPerMinute),
});

/** What is left out stays. */
export const gatewayLimitsPatch = z.strictObject({
  maxPacketBytes: fields.maxPacketBytes.optional(),
  maxSubscriptions: fields.maxSubscriptions.optional(),
  keepAlive: fields.keepAlive.optional(),
  connectsPerMinute: fields.connectsPerMinute.optional(),
});
