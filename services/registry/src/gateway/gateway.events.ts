import { certificateFacts } from '@gatehouse/contracts';
import { z } from 'zod';

/** The chain is public: it is what every device is shown. The private key is in no event. */
const serverCertificate = z.strictObject({
  /** PEM, end-entity certificate first. */
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
    topicSpace: z.literal('isolated'),
    parsingEnabled: z.boolean(),
    authentication: z.strictObject({ type: z.literal('one-way') }),
    x509Enabled: z.literal(false),
    ocsp: z.literal('disabled'),
    productKey: z.string(),
    serverCertificate,
  }),
});

const gatewayRenamed = z.strictObject({
  type: z.literal('GatewayRenamed'),
  data: z.strictObject({ gatewayId: z.string(), name: z.string() }),
});

const serverCertificateReplaced = z.strictObject({
  type: z.literal('ServerCertificateReplaced'),
  data: z.strictObject({ gatewayId: z.string(), serverCertificate }),
});

const parsingSwitched = z.strictObject({
  type: z.literal('ParsingSwitched'),
  data: z.strictObject({ gatewayId: z.string(), productKey: z.string(), enabled: z.boolean() }),
});

const gatewayDeleted = z.strictObject({
  type: z.literal('GatewayDeleted'),
  data: z.strictObject({ gatewayId: z.string(), productKey: z.string() }),
});

export const gatewayEvent = z.discriminatedUnion('type', [
  gatewayCreated,
  gatewayRenamed,
  serverCertificateReplaced,
  parsingSwitched,
  gatewayDeleted,
]);
export type GatewayEvent = z.infer<typeof gatewayEvent>;
export type ServerCertificate = z.infer<typeof serverCertificate>;
