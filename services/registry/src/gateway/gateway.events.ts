import {
  certificateFacts,
  gatewayAuthentication,
  gatewayLimits,
  ocspMode,
  topicPermission,
  topicSpace,
} from '@gatehouse/contracts';
import { z } from 'zod';

/** Certificates are public; no private key is in any event. */
const certificateChain = z.strictObject({
  /** PEM, in the order in which it was given. */
  chainPem: z.string(),
  chain: z.array(certificateFacts).min(1),
});

const gatewayCreated = z.strictObject({
  type: z.literal('GatewayCreated'),
  data: z.strictObject({
    gatewayId: z.string(),
    name: z.string(),
    port: z.int(),
    hostname: z.string().nullable(),
    topicSpace,
    parsingEnabled: z.boolean(),
    authentication: gatewayAuthentication,
    x509Enabled: z.boolean(),
    commonNameMustEqualUsername: z.boolean(),
    ocsp: ocspMode,
    productKey: z.string(),
    serverCertificate: certificateChain,
    deviceRootCertificate: certificateChain.nullable(),
    trustedCertificate: certificateChain.nullable(),
    limits: gatewayLimits,
  }),
});

const gatewayRenamed = z.strictObject({
  type: z.literal('GatewayRenamed'),
  data: z.strictObject({ gatewayId: z.string(), name: z.string() }),
});

const serverCertificateReplaced = z.strictObject({
  type: z.literal('ServerCertificateReplaced'),
  data: z.strictObject({ gatewayId: z.string(), serverCertificate: certificateChain }),
});

const deviceRootReplaced = z.strictObject({
  type: z.literal('DeviceRootReplaced'),
  data: z.strictObject({ gatewayId: z.string(), deviceRootCertificate: certificateChain }),
});

const trustedCertificateReplaced = z.strictObject({
  type: z.literal('TrustedCertificateReplaced'),
  data: z.strictObject({ gatewayId: z.string(), trustedCertificate: certificateChain }),
});

const authenticationTargetChanged = z.strictObject({
  type: z.literal('AuthenticationTargetChanged'),
  data: z.strictObject({
    gatewayId: z.string(),
    authentication: gatewayAuthentication,
    /** The secret itself is in no event. */
    accessKeySecretReplaced: z.boolean(),
  }),
});

/** Without OCSP for the server its trusted certificate is dropped. */
const ocspModeChanged = z.strictObject({
  type: z.literal('OcspModeChanged'),
  data: z.strictObject({ gatewayId: z.string(), ocsp: ocspMode }),
});

const parsingSwitched = z.strictObject({
  type: z.literal('ParsingSwitched'),
  data: z.strictObject({ gatewayId: z.string(), productKey: z.string(), enabled: z.boolean() }),
});

const gatewayLimitsChanged = z.strictObject({
  type: z.literal('GatewayLimitsChanged'),
  data: z.strictObject({ gatewayId: z.string(), limits: gatewayLimits }),
});

/** Whether the user name has to be the common name of the client certificate. */
const commonNameCheckSwitched = z.strictObject({
  type: z.literal('CommonNameCheckSwitched'),
  data: z.strictObject({ gatewayId: z.string(), enabled: z.boolean() }),
});

/** All rules about topics, in their order; what a template may be was checked when it was given. */
const permission = topicPermission.extend({ topic: z.string() });

const permissionsReplaced = z.strictObject({
  type: z.literal('PermissionsReplaced'),
  data: z.strictObject({ gatewayId: z.string(), permissions: z.array(permission) }),
});

const gatewayDeleted = z.strictObject({
  type: z.literal('GatewayDeleted'),
  data: z.strictObject({ gatewayId: z.string(), productKey: z.string() }),
});

export const gatewayEvent = z.discriminatedUnion('type', [
  gatewayCreated,
  gatewayRenamed,
  serverCertificateReplaced,
  deviceRootReplaced,
  trustedCertificateReplaced,
  authenticationTargetChanged,
  ocspModeChanged,
  parsingSwitched,
  gatewayLimitsChanged,
  commonNameCheckSwitched,
  permissionsReplaced,
  gatewayDeleted,
]);
export type GatewayEvent = z.infer<typeof gatewayEvent>;
export type CertificateChain = z.infer<typeof certificateChain>;
