import type { UpcastSteps } from '@gatehouse/event-store';

const LIMITS_OF_EVERY_GATEWAY = { maxPacketBytes: 262_144, maxSubscriptions: 100, keepAlive: null };

/** Gateways from before the limit was there go on without it. */
const withConnectLimit = (data: Readonly<Record<string, unknown>>) => ({
  ...data,
  limits: { ...(data['limits'] as object), connectsPerMinute: null },
});

export const gatewayUpcasters: UpcastSteps = {
  GatewayCreated: [
    // Gateways had neither of these certificates at first, and the limits of every gateway.
    (data) => ({
      ...data,
      deviceRootCertificate: null,
      trustedCertificate: null,
      limits: LIMITS_OF_EVERY_GATEWAY,
    }),
    withConnectLimit,
    (data) => ({ ...data, commonNameMustEqualUsername: false }),
    (data) => ({
      ...data,
      alternativeServerCertificate: null,
      revocation: { scope: 'leaf', onUnknown: 'allow', responderUrl: null },
      tls: { minVersion: '1.2' },
    }),
    (data) => ({ ...data, onParsingFailure: 'drop' }),
  ],
  // There was one chain only, and its key was written over that of the one before.
  ServerCertificateReplaced: [
    (data) => ({ ...data, alternativeServerCertificate: null, keepsFormer: false }),
  ],
  GatewayLimitsChanged: [withConnectLimit],
};
