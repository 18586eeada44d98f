import { admitDevice, certificateStatus, type AdmissionRefusal, type ReplyOf } from '@gatehouse/contracts';
import { connectNats } from '@gatehouse/nats';
import { createLogger } from '@gatehouse/observability';
import { startTestNats } from '@gatehouse/testing';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { EdgeMetrics } from '../observability/edge-metrics.ts';
import { CertificateCheck } from '../revocation/certificate-check.ts';
import type { CertificateVerdicts } from '../revocation/certificate-verdicts.ts';
import { Sessions } from '../session/sessions.ts';
import type { AddressBans } from './address-bans.ts';
import { AdmissionGuard } from './admission-guard.ts';
import { AdmissionQueues } from './admission-queues.ts';
import { LiveGatewaySettings } from './gateway-settings.ts';
import { NatsConnectionAdmission } from './nats-connection-admission.ts';

const SIGNS = 20;
const DEVICE = '192.0.2.1';
const STRANGER = '198.51.100.1';
const resources = new AsyncDisposableStack();
let nats: NatsConnection;
let verdict: AdmissionRefusal | 'admitted';
let admission: NatsConnectionAdmission;

beforeAll(async () => {
  const server = resources.use(await startTestNats());
  nats = resources.use(await connectNats(server.url, 'test'));
  nats.subscribe(admitDevice.subject, {
    callback: (_error, message) => void message.respond(JSON.stringify(reply())),
  });
});
afterAll(() => resources.disposeAsync());

beforeEach(() => {
  const metrics = new EdgeMetrics();
  const noBans = { onLifted: () => undefined, find: () => undefined } as unknown as AddressBans;
  const limits = { banWasted: 0, banFailures: 0, failuresPerUsername: 0, rememberedClients: 100 };
  admission = new NatsConnectionAdmission({
    nats,
    queues: new AdmissionQueues(10, 10),
    guard: new AdmissionGuard(limits, new Sessions(), noBans, metrics),
    certificates: new CertificateCheck(
      certificateStatus.timeoutMs,
      new LiveGatewaySettings(),
      undefined as unknown as CertificateVerdicts,
    ),
    logger: createLogger('edge', 'silent'),
  });
});

function reply(): ReplyOf<typeof admitDevice> {
  return verdict === 'admitted'
    ? {
        outcome: 'admitted',
        productKey: 'p',
        deviceName: 'pump',
        expiresAt: null,
        permissions: [],
        steps: [],
      }
    : { outcome: 'refused', reason: verdict, steps: [] };
}

async function connect(answer: typeof verdict, remoteAddress = DEVICE, times = 1): Promise<void> {
  verdict = answer;
  for (let count = 0; count < times; count += 1) {
    const outcome = admission.admit({
      gatewayId: 'g',
      gatewayVersion: 1,
      clientId: 'pump',
      protocolVersion: 5,
      username: 'pump',
      password: Buffer.from('secret'),
      remoteAddress,
      userProperties: [],
      clientCertificate: undefined,
      clientChain: undefined,
      steps: { step: () => undefined, addSteps: () => undefined },
      isWaiting: () => true,
      deadline: performance.now() + 20_000,
    });
    if (answer === 'admitted') await outcome;
    else await expect(outcome).rejects.toMatchObject({ reason: answer });
  }
}

test.each(['authenticator-unavailable', 'authenticator-timeout', 'authenticator-busy'] as const)(
  'a gateway is out when devices hear nothing but %s, until one is let in',
  async (reason) => {
    await connect('admitted');
    await connect(reason, DEVICE, SIGNS);
    expect([admission.isOut('g'), admission.isOut('another')]).toEqual([true, false]);
    await connect('admitted');
    expect(admission.isOut('g')).toBe(false);
  },
);

test('a refusal for a reason of its own is an answer too', async () => {
  await connect('admitted');
  await connect('authenticator-timeout', DEVICE, SIGNS);
  await connect('authenticator-refused');
  expect(admission.isOut('g')).toBe(false);
});

test('strangers who make an authenticator fail keep no device waiting', async () => {
  await connect('admitted');
  await connect('authenticator-timeout', STRANGER, 2 * SIGNS);
  expect(admission.isOut('g')).toBe(false);
  await connect('admitted', STRANGER);
  await connect('authenticator-timeout', STRANGER, SIGNS);
  expect(admission.isOut('g')).toBe(true);
});
