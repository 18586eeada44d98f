import {
  certificateFacts,
  gatewayAuthentication,
  gatewayLimits,
  gatewayRevocation,
  gatewayTls,
  ocspMode,
  onParsingFailure,
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
    onParsingFailure,
    authentication: gatewayAuthentication,
    x509Enabled: z.boolean(),
    commonNameMustEqualUsername: z.boolean(),
    ocsp: ocspMode,
    revocation: gatewayRevocation,
    tls: gatewayTls,
    productKey: z.string(),
    serverCertificate: certificateChain,
    alternativeServerCertificate: certificateChain.nullable(),
    deviceRootCertificate: certificateChain.nullable(),
    trustedCertificate: certificateChain.nullable(),
    limits: gatewayLimits,
  }),
});

const gatewayRenamed = z.strictObject({
  type: z.literal('GatewayRenamed'),
  data: z.strictObject({ gatewayId: z.string(), name: z.string() }),
});

/** Both chains that are in force from then on: together they are a generation. */
const serverChains = z.strictObject({
  gatewayId: z.string(),
  serverCertificate: certificateChain,
  alternativeServerCertificate: certificateChain.nullable(),
});

const serverCertificateReplaced = z.strictObject({
  type: z.literal('ServerCertificateReplaced'),
  /** Whether the chains until then, with their keys, are kept; false from before generations were. */
  data: serverChains.extend({ keepsFormer: z.boolean() }),
});

/** Back to the generation before; the one that was in force is forgotten. */
const serverCertificateRolledBack = z.strictObject({
  type: z.literal('ServerCertificateRolledBack'),
  data: serverChains,
});

/** Instead of all device roots. */
const deviceRootReplaced = z.strictObject({
  type: z.literal('DeviceRootReplaced'),
  data: z.strictObject({ gatewayId: z.string(), deviceRootCertificate: certificateChain }),
});

const deviceRootAdded = z.strictObject({
  type: z.literal('DeviceRootAdded'),
  data: z.strictObject({
    gatewayId: z.string(),
    deviceRootCertificate: certificateChain,
    enabled: z.boolean(),
  }),
});

/** A device root goes by the fingerprint of the root itself, the last of its chain. */
const deviceRootSwitched = z.strictObject({
  type: z.literal('DeviceRootSwitched'),
  data: z.strictObject({ gatewayId: z.string(), fingerprint: z.string(), enabled: z.boolean() }),
});

const deviceRootRemoved = z.strictObject({
  type: z.literal('DeviceRootRemoved'),
  data: z.strictObject({ gatewayId: z.string(), fingerprint: z.string() }),
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

const revocationSettingsChanged = z.strictObject({
  type: z.literal('RevocationSettingsChanged'),
  data: z.strictObject({ gatewayId: z.string(), revocation: gatewayRevocation }),
});

const tlsSettingsChanged = z.strictObject({
  type: z.literal('TlsSettingsChanged'),
  data: z.strictObject({ gatewayId: z.string(), tls: gatewayTls }),
});

const parsingSwitched = z.strictObject({
  type: z.literal('ParsingSwitched'),
  data: z.strictObject({ gatewayId: z.string(), productKey: z.string(), enabled: z.boolean() }),
});

/** What becomes of messages that cannot be parsed. */
const onParsingFailureChanged = z.strictObject({
  type: z.literal('OnParsingFailureChanged'),
  data: z.strictObject({ gatewayId: z.string(), productKey: z.string(), onParsingFailure }),
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

/** Which certificates of a gateway are meant. */
export const certificateRole = z.enum(['server', 'alternative-server', 'device-root', 'trusted']);
export type CertificateRole = z.infer<typeof certificateRole>;

/** A certificate in use expires within so many days; 0: it has expired. */
const certificateExpiryNoticed = z.strictObject({
  type: z.literal('CertificateExpiryNoticed'),
  data: z.strictObject({
    gatewayId: z.string(),
    certificate: certificateRole,
    subject: z.string(),
    fingerprint: z.string(),
    notAfter: z.iso.datetime(),
    days: z.int().nonnegative(),
  }),
});

const gatewayDeleted = z.strictObject({
  type: z.literal('GatewayDeleted'),
  data: z.strictObject({ gatewayId: z.string(), productKey: z.string() }),
});

export const gatewayEvent = z.discriminatedUnion('type', [
  gatewayCreated,
  gatewayRenamed,
  serverCertificateReplaced,
  serverCertificateRolledBack,
  deviceRootReplaced,
  deviceRootAdded,
  deviceRootSwitched,
  deviceRootRemoved,
  trustedCertificateReplaced,
  authenticationTargetChanged,
  ocspModeChanged,
  revocationSettingsChanged,
  tlsSettingsChanged,
  parsingSwitched,
  onParsingFailureChanged,
  gatewayLimitsChanged,
  commonNameCheckSwitched,
  permissionsReplaced,
  certificateExpiryNoticed,
  gatewayDeleted,
]);
export type GatewayEvent = z.infer<typeof gatewayEvent>;
export type CertificateChain = z.infer<typeof certificateChain>;
