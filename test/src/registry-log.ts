import { REGISTRY_STREAM, registryEvent, type RegistryEvent } from '@gatehouse/contracts';
import { connectNats } from '@gatehouse/nats';
import { createCertificateAuthority } from '@gatehouse/pki';
import { jetstream } from '@nats-io/jetstream';
import { z } from 'zod';
import type { RegistryProcess } from './registry-process.ts';

const eventPage = z.object({
  items: z.array(z.object({ globalPosition: z.string(), stream: z.string(), version: z.number() })),
  next: z.string().nullable(),
});

type LoggedEvent = z.infer<typeof eventPage>['items'][number];

export interface Published {
  readonly messageId: string;
  readonly event: RegistryEvent;
}

/** As a consumer that begins at the start of the stream sees it. */
export async function published(natsUrl: string): Promise<Published[]> {
  await using nats = await connectNats(natsUrl, 'test');
  const consumer = await jetstream(nats).consumers.get(REGISTRY_STREAM.name);
  const stored: Published[] = [];
  let { num_pending: pending } = await consumer.info();
  while (pending > 0) {
    for await (const message of await consumer.fetch({ max_messages: 1_000, expires: 2_000 })) {
      stored.push({
        messageId: message.headers?.get('Nats-Msg-Id') ?? '',
        event: registryEvent.parse(message.json()),
      });
      pending = message.info.pending;
      if (pending === 0) break;
    }
  }
  return stored;
}

/** The whole log, as the API tells it. */
export async function wholeLog(registry: RegistryProcess): Promise<LoggedEvent[]> {
  const all: LoggedEvent[] = [];
  let after = '0';
  for (;;) {
    const { items, next } = eventPage.parse(
      (await registry.call(`GET /events?limit=1000&after=${after}`)).body,
    );
    all.push(...items);
    if (next === null) return all;
    after = next;
  }
}

/** The body that creates a gateway. */
export async function gatewayBody(): Promise<object> {
  const authority = await createCertificateAuthority();
  const { certificatePem, privateKeyPem } = await authority.issueServerCertificate({
    commonName: 'localhost',
    dnsNames: ['localhost'],
  });
  return {
    name: 'plant_1',
    port: 18_883,
    certificates: { serverCertificate: certificatePem, serverPrivateKey: privateKeyPem },
  };
}
