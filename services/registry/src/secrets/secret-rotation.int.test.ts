import { createTestDatabase, type TestDatabase } from '@gatehouse/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDomain, type RegistryDomain } from '../domain-on-database.ts';
import { GatewaySecrets } from '../gateway/gateway-secrets.ts';
import { rotateSecrets } from './secret-rotation.ts';
import { SEALED_COLUMNS } from './sealed-columns.ts';
import { SecretSealer } from './sealed-secret.ts';

const OLD = '12'.repeat(32);
const NEW = '34'.repeat(32);
const GATEWAYS = 1_200;

let database: TestDatabase;
let domain: RegistryDomain;
const idOf = (number: number): string => `gw-${String(number).padStart(4, '0')}`;

beforeAll(async () => {
  database = await createTestDatabase();
  domain = await openDomain({ url: database.url, masterKey: OLD });
  const sealer = new SecretSealer(OLD);
  const rows = Array.from({ length: GATEWAYS }, (_, number) => {
    const { keyId, sealed } = sealer.seal(`key ${number}`, `gateway/${idOf(number)}`);
    return { gateway_id: idOf(number), fingerprint: 'aa', key_id: keyId, sealed_private_key: sealed };
  });
  await domain.db.insertInto('gateway_secret').values(rows).execute();
});
afterAll(async () => {
  await domain[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

// The tests tell one story: each goes on where the one before it ended.

test('every column that holds sealed secrets is rotated', async () => {
  const { rows } = await sql<{ name: string }>`
    select table_name || '.' || column_name as name from information_schema.columns
    where table_schema = current_schema() and column_name like 'sealed\\_%' order by 1`.execute(domain.db);
  expect(SEALED_COLUMNS.map(({ table, sealedColumn }) => `${table}.${sealedColumn}`).toSorted()).toEqual(
    rows.map(({ name }) => name),
  );
});

test('a rotation that is stopped goes on where it was, and both keys open all the while', async () => {
  const both = new SecretSealer(NEW, OLD);
  const stopped = rotateSecrets(domain.db, both, () => {
    throw new Error('stopped');
  });
  await expect(stopped).rejects.toThrow('stopped');

  const secrets = await domain.db.selectFrom('gateway_secret').selectAll().orderBy('gateway_id').execute();
  expect(new Set(secrets.map(({ key_id }) => key_id)).size).toBe(2);
  const opened = secrets.map(({ gateway_id, key_id, sealed_private_key }) =>
    both.open({ keyId: key_id, sealed: sealed_private_key }, `gateway/${gateway_id}`),
  );
  expect(opened).toEqual(Array.from({ length: GATEWAYS }, (_, number) => `key ${number}`));

  const rest = await rotateSecrets(domain.db, both);
  expect(rest).toEqual({ resealed: GATEWAYS - 500, unreadable: [] });
  expect(await rotateSecrets(domain.db, both)).toEqual({ resealed: 0, unreadable: [] });
});

test('password hashes go over too, device by device', async () => {
  const [former, both] = [new SecretSealer(OLD), new SecretSealer(NEW, OLD)];
  const devices = ['a1x', 'a1y'].flatMap((productKey) =>
    Array.from({ length: 150 }, (_, number) => ({ productKey, deviceName: `pump-${number}` })),
  );
  const rows = devices.map(({ productKey, deviceName }) => {
    const { keyId, sealed } = former.seal(`hash of ${deviceName}`, `device/${productKey}/${deviceName}`);
    return { product_key: productKey, device_name: deviceName, key_id: keyId, sealed_password: sealed };
  });
  await domain.db.insertInto('device_secret').values(rows).execute();
  expect(await rotateSecrets(domain.db, both)).toEqual({ resealed: 300, unreadable: [] });
  const { key_id: keyId, sealed_password: sealed } = await domain.db
    .selectFrom('device_secret')
    .selectAll()
    .where('product_key', '=', 'a1y')
    .where('device_name', '=', 'pump-149')
    .executeTakeFirstOrThrow();
  expect(new SecretSealer(NEW).open({ keyId, sealed }, 'device/a1y/pump-149')).toBe('hash of pump-149');
});

test('the secrets of access keys go over, and gateways read them under the new key', async () => {
  const gatewayId = idOf(7);
  const former = new GatewaySecrets(new SecretSealer(OLD));
  const now = new GatewaySecrets(new SecretSealer(NEW));
  const read = () => domain.db.transaction().execute((db) => now.accessKeySecret(db, gatewayId));
  await domain.db
    .transaction()
    .execute((db) => former.keepAccessKeySecret(db, gatewayId, 'the access key secret'));
  expect(await read()).toBeUndefined();
  expect(await rotateSecrets(domain.db, new SecretSealer(NEW, OLD))).toEqual({ resealed: 1, unreadable: [] });
  expect(await read()).toBe('the access key secret');
});

test('a secret that neither key opens is named and left as it is', async () => {
  const other = new SecretSealer('56'.repeat(32)).seal('lost', 'gateway/gw-lost');
  await domain.db
    .insertInto('gateway_secret')
    .values({
      gateway_id: 'gw-lost',
      fingerprint: 'aa',
      key_id: other.keyId,
      sealed_private_key: other.sealed,
    })
    .execute();
  const { unreadable } = await rotateSecrets(domain.db, new SecretSealer(NEW, OLD));
  expect(unreadable).toEqual([{ place: 'gateway/gw-lost', keyId: other.keyId }]);
});
