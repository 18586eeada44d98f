import { gatewayInput } from '@gatehouse/contracts';
import { createLogger } from '@gatehouse/observability';
import { TestAuthority } from '@gatehouse/pki';
import { createTestDatabase, eventually } from '@gatehouse/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDomain, type RegistryDomain } from '../domain-on-database.ts';
import { CertificateExpiryWatch } from './certificate-expiry-watch.ts';

const DAY_MS = 86_400_000;
const resources = new AsyncDisposableStack();
let domain: RegistryDomain;
let now = new Date();
const clock = (): Date => now;

beforeAll(async () => {
  const database = resources.use(await createTestDatabase());
  domain = resources.use(await openDomain({ url: database.url, masterKey: '07'.repeat(32), clock }));
}, 240_000);
afterAll(() => resources.disposeAsync());

test('expiry is noticed at 30, 7 and 1 days and when it has come, once each, whoever watches', async () => {
  const root = TestAuthority.createRoot();
  const { certificate, certificatePem, privateKeyPem } = root.issueServer();
  const input = gatewayInput.parse({
    name: 'late_1',
    certificates: { serverCertificate: certificatePem, serverPrivateKey: privateKeyPem },
  });
  const { gatewayId } = await domain.gatewayCommands.create(input, { actor: 'test' });

  const logger = createLogger('test', 'silent');
  const { db, certificateCommands: commands } = domain;
  const stopping = new AbortController();
  const watches = [1, 2].map(() =>
    new CertificateExpiryWatch({ db, commands, clock, logger, checkEveryMs: 20 }).run(stopping.signal),
  );
  const noticed = async (): Promise<unknown[]> => {
    const { items } = await domain.gateways.history(gatewayId, { limit: 50 });
    return items.flatMap(({ type, data }) => (type === 'CertificateExpiryNoticed' ? [data['days']] : []));
  };
  const expected: number[] = [];
  for (const days of [30, 7, 1, 0]) {
    expected.unshift(days);
    now = new Date(certificate.validToDate.getTime() - days * DAY_MS);
    await eventually(async () => expect(await noticed()).toEqual(expected), 30_000);
  }
  stopping.abort();
  await Promise.all(watches);
  expect(await noticed()).toEqual(expected);
  expect((await domain.gateways.get(gatewayId)).notices).toMatchObject([{ code: 'certificate-expired' }]);
});
