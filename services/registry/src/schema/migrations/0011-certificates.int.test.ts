import { gatewayInput } from '@gatehouse/contracts';
import { TestAuthority } from '@gatehouse/pki';
import { createTestDatabase } from '@gatehouse/testing';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openDomain } from '../../domain-on-database.ts';
import { verifyViews } from '../../views/rebuild-views.ts';
import { certificates } from './0011-certificates.ts';

test('gateways from before generations have what the log makes of them, and their keys', async () => {
  await using database = await createTestDatabase();
  await using domain = await openDomain({ url: database.url, masterKey: '07'.repeat(32) });
  const { db } = domain;
  const root = TestAuthority.createRoot();
  const { certificatePem, privateKeyPem } = root.issueServer();
  const more = { deviceRootCertificate: root.certificatePem, trustedCertificate: root.certificatePem };
  const create = (name: string, settings: object, roots: object) =>
    domain.gatewayCommands.create(
      gatewayInput.parse({
        name,
        ...settings,
        certificates: { serverCertificate: certificatePem, serverPrivateKey: privateKeyPem, ...roots },
      }),
      { actor: 'test' },
    );
  await create('plain', {}, {});
  const { gatewayId } = await create(
    'mutual',
    { port: 8883, x509: { enabled: true }, ocsp: 'client-and-server' },
    more,
  );

  await sql`drop table gateway_generation_view`.execute(db);
  await sql`
    alter table gateway_view drop column revocation, drop column tls, drop column alternative_server_certificate,
      drop column alternative_server_certificate_chain, drop column device_roots,
      drop column trusted_certificate_chain, drop column expiry_noticed`.execute(db);
  await sql`alter table gateway_secret drop constraint gateway_secret_pkey`.execute(db);
  await sql`alter table gateway_secret drop column fingerprint, add primary key (gateway_id)`.execute(db);
  await certificates.up(db);

  const differences = await verifyViews(db);
  expect(differences.filter(({ unexplained, missing }) => unexplained + missing > 0)).toEqual([]);
  expect(await domain.listeners.get(gatewayId)).toMatchObject({
    serverPrivateKey: privateKeyPem,
    deviceRootCertificate: root.certificatePem,
  });
}, 60_000);
