import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '@gatehouse/local-servers';
import {
  buildCertificateRequest,
  createCertificateAuthority,
  TestAuthority,
  type CertificateAuthority,
} from '@gatehouse/pki';
import { eventually } from '@gatehouse/testing';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { fetchDescription, type DescribedOperation, type DescribedRequest } from '../api-description.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { openEventStream } from '../server-sent-events.ts';

/**
 * The order in which the operations are sent: what one answers, the next ones need. An operation that is described
 * and not listed here fails the test.
 */
const STORY = [
  'gateways.create',
  'gateways.list',
  'gateways.get',
  'gateways.getCertificates',
  'certificates.check',
  'gateways.change',
  'certificates.rollBack',
  'deviceRoots.list',
  'deviceRoots.add',
  'deviceRoots.change',
  'deviceRoots.remove',
  'gateways.history',
  'permissions.replace',
  'permissions.get',
  'authenticationTest.testAuthentication',
  'authorities.create',
  'authorities.list',
  'authorities.get',
  'authorities.issue',
  'authorities.listCertificates',
  'authorities.getCertificate',
  'authorities.revoke',
  'authorities.delete',
  'products.list',
  'products.get',
  'parsingScripts.putDraft',
  'parsingScripts.draft',
  'parsingScripts.submit',
  'parsingTrials.tryDraft',
  'parsingScripts.resizeCanary',
  'parsingScripts.versions',
  'parsingScripts.promoteCanary',
  'parsingScripts.endCanary',
  'parsingScripts.restore',
  'devices.import',
  'deviceImports.list',
  'deviceImports.get',
  'deviceImports.invalidRows',
  'devices.list',
  'devices.export',
  'devices.get',
  'messageStream.stream',
  'parsingFailures.list',
  'parsingFailures.retry',
  'parsingFailures.delete',
  'downlink.send',
  'devices.disable',
  'devices.enable',
  'devices.replaceCredentials',
  'devices.history',
  'connectionAttempts.list',
  'bans.list',
  'bans.lift',
  'apiKeys.create',
  'apiKeys.list',
  'events.list',
  'parsingScripts.deleteDraft',
  'devices.delete',
  'gateways.delete',
  'apiKeys.revoke',
];

const HOST = '127.0.0.1';
let gatehouse: RunningGatehouse;
let authority: CertificateAuthority;
let pem: Readonly<Record<string, string>>;
let apiKey: string;
let operations: ReadonlyMap<string, DescribedOperation>;
const device = new AsyncDisposableStack();

/** What the first of the answers said, for the placeholders of paths. */
const known = new Map<string, string>();
let gatewayPort: number;
/** By gateway, its newest. */
const etags = new Map<string, string>();
let requests = 0;

beforeAll(async () => {
  gatehouse = await RunningGatehouse.start({ environment: { EDGE_BAN_FAILURES: '3' } });
  apiKey = (await readFile(join(gatehouse.dataDirectory, 'demo', 'api-key'), 'utf8')).trim();
  authority = await createCertificateAuthority();
  pem = {
    ...(await newServerCertificate()),
    deviceRootCertificate: authority.certificatePem,
    trustedCertificate: authority.certificatePem,
    caCertificate: authority.certificatePem,
    csr: buildCertificateRequest({
      commonName: 'localhost',
      key: TestAuthority.createRoot().key,
      dnsNames: ['localhost'],
    }),
    certificate: (await createCertificateAuthority('Another device root')).certificatePem,
  };
  const described = await fetchDescription(`http://${HOST}:${gatehouse.httpPort}/api/v1/openapi.json`);
  operations = new Map(described.map((operation) => [operation.operationId, operation]));
});
afterAll(async () => {
  await device.disposeAsync();
  await gatehouse[Symbol.asyncDispose]();
});

test('every operation that is described has its place in the story', () => {
  expect([...operations.keys()].toSorted()).toEqual(STORY.toSorted());
});

test.each(STORY)('%s: every example is answered as described', async (operationId) => {
  const operation = operations.get(operationId);
  if (operation === undefined) throw new Error(`${operationId} is not described`);
  if (operation.success.mediaType === 'text/event-stream') return expectMessages(operation);
  if (operationId === 'downlink.send') await connectDevice();
  if (operationId === 'parsingFailures.list') await failParsing();
  if (operationId === 'bans.list') await guessPasswords();
  // A rollback needs something to go back from.
  if (operationId === 'gateways.change') pem = { ...pem, ...(await newServerCertificate()) };
  if (operationId === 'parsingScripts.resizeCanary') await submitCanary();
  const bodies = operation.requests.length === 0 ? [undefined] : operation.requests;
  for (const body of bodies) {
    if (operation.method === 'GET') await expectDescribed(operation, body, requiredOf(operation));
    await expectDescribed(operation, body, currentOf(operation));
  }
});

const requiredOf = ({ parameters }: DescribedOperation) => parameters.filter(({ required }) => required);
/** What is deprecated may not stand beside what took its place. */
const currentOf = ({ parameters }: DescribedOperation) => parameters.filter(({ deprecated }) => !deprecated);

async function expectDescribed(
  operation: DescribedOperation,
  request: DescribedRequest | undefined,
  parameters: DescribedOperation['parameters'],
): Promise<void> {
  const { method, success } = operation;
  const sent = request === undefined ? undefined : await withRealValues(request.value);
  const response = await fetch(urlOf(operation, parameters), {
    method,
    headers: {
      ...headersOf(parameters, known.get(gatewayNameOf(operation))),
      ...(request === undefined ? {} : { 'content-type': request.mediaType }),
    },
    ...(sent === undefined ? {} : { body: typeof sent === 'string' ? sent : JSON.stringify(sent) }),
  });
  const text = await response.text();
  const mediaType = response.headers.get('content-type')?.split(';', 1)[0];
  const body: unknown = mediaType?.endsWith('json') === true ? JSON.parse(text) : text;
  const answer = { status: response.status, mediaType, misfit: success.problemOf(body) };
  expect({ example: request?.name, body, ...answer }).toMatchObject({
    status: success.status,
    mediaType: success.mediaType,
    misfit: undefined,
  });
  remember(operation, sent, response, body);
}

/** The first gateway that was created, with its first device, is the one of everything that follows. */
function remember(
  { operationId }: DescribedOperation,
  sent: unknown,
  response: Response,
  body: unknown,
): void {
  const etag = response.headers.get('etag');
  const said = isRecord(body) ? body : {};
  for (const name of [
    'gatewayId',
    'productKey',
    'importId',
    'apiKeyId',
    'authorityId',
    'serialNumber',
    'version',
  ]) {
    const value = said[name];
    const isOfAnother = name === 'version' && !operationId.startsWith('parsingScripts.');
    if (known.has(name) || isOfAnother) continue;
    if (typeof value === 'string' || typeof value === 'number') known.set(name, String(value));
  }
  const { gatewayId = known.get('gatewayId') } = said;
  if (etag !== null && typeof gatewayId === 'string') etags.set(gatewayId, etag);
  // An answer without the header says the version.
  if (operationId === 'deviceRoots.change') etags.set(String(gatewayId), `"${String(said['version'])}"`);
  if (operationId === 'gateways.create') {
    if (gatewayId === known.get('gatewayId')) gatewayPort = Number(said['port']);
    const { authentication, x509 } = said;
    const isThirdParty = isRecord(authentication) && authentication['type'] === 'third-party';
    if (isThirdParty) known.set('thirdPartyGatewayId', String(gatewayId));
    if (isRecord(x509) && x509['enabled'] === true) known.set('x509GatewayId', String(gatewayId));
  }
  if (operationId === 'deviceRoots.add' && Array.isArray(said['items'])) {
    known.set('fingerprint', said['items'].at(-1).fingerprint);
  }
  if (operationId === 'devices.import' && isRecord(sent)) {
    const [first] = Array.isArray(sent['devices']) ? sent['devices'] : [];
    known.set('deviceName', String(first.username));
    known.set('password', String(first.password));
  }
}

/** Under which name the gateway of an operation is known: some do what others cannot. */
function gatewayNameOf({ path }: DescribedOperation): string {
  if (path.endsWith(':test-authentication')) return 'thirdPartyGatewayId';
  return path.includes('/device-roots') ? 'x509GatewayId' : 'gatewayId';
}

async function newServerCertificate(): Promise<{ serverCertificate: string; serverPrivateKey: string }> {
  const issued = await authority.issueServerCertificate({ commonName: 'localhost', ipAddresses: [HOST] });
  return { serverCertificate: issued.certificatePem, serverPrivateKey: issued.privateKeyPem };
}

function urlOf(operation: DescribedOperation, parameters: DescribedOperation['parameters']): URL {
  const filled = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(valueFor(name === 'gatewayId' ? gatewayNameOf(operation) : name)),
  );
  const url = new URL(filled, `http://${HOST}:${gatehouse.httpPort}`);
  for (const { name, in: place, example } of parameters) {
    if (place !== 'query') continue;
    // A thing can be asked for an instant at which it was there.
    url.searchParams.set(name, name === 'at' ? new Date().toISOString() : example);
  }
  return url;
}

/** A canary runs when the draft is another one than what is in force. */
async function submitCanary(): Promise<void> {
  const parsing = `/products/${valueFor('productKey')}/parsing`;
  const { body: draft } = await gatehouse.api('GET', `${parsing}/draft`);
  const code = `${String(draft['code'])}// and so on\n`;
  await gatehouse.api('PUT', `${parsing}/draft`, { language: draft['language'], code });
  await gatehouse.api('POST', `${parsing}/draft:submit`, { canaryPercent: 10 });
}

/** A message that the script takes for JSON, and is none. */
async function failParsing(): Promise<void> {
  const publisher = await connectDevice();
  await publisher.publishAsync('up/temperature', '{t:21}', { qos: 1 });
  await eventually(async () => {
    const { body } = await gatehouse.api('GET', `/products/${valueFor('productKey')}/parsing/failures`);
    expect(body['items']).toMatchObject([{ payload: 'e3Q6MjF9', error: { code: '26002' } }]);
  });
}

/** Until the address is banned. */
async function guessPasswords(): Promise<void> {
  const { remoteAddress } = await eventually(async () => {
    const guess = connectAsync(`mqtts://${HOST}:${gatewayPort}`, {
      username: `guess-${(requests += 1)}`,
      password: 'wrong',
      ca: authority.certificatePem,
      reconnectPeriod: 0,
    });
    await expect(guess).rejects.toThrow(/not authorized|banned/i);
    const { body } = await gatehouse.api('GET', '/bans');
    const [ban] = z.array(z.object({ remoteAddress: z.string() })).parse(body['items']);
    if (ban === undefined) throw new Error('nobody is banned yet');
    return ban;
  });
  known.set('address', remoteAddress);
}

function valueFor(name: string): string {
  const value = known.get(name);
  if (value === undefined) throw new Error(`no answer gave a ${name} yet: mend the order of STORY`);
  return value;
}

function headersOf(parameters: DescribedOperation['parameters'], gatewayId = ''): Record<string, string> {
  const headers: Record<string, string> = { authorization: `Bearer ${apiKey}` };
  for (const { name, in: place, example } of parameters) {
    if (place !== 'header') continue;
    headers[name] = name === 'Idempotency-Key' ? `${example}-${(requests += 1)}` : example;
    if (name === 'If-Match') headers[name] = etags.get(gatewayId) ?? '';
  }
  return headers;
}

/** The example with what no document can know: certificates that are good now, and ports that are free here. */
async function withRealValues(value: unknown): Promise<unknown> {
  if (!isRecord(value)) return value;
  const entries = await Promise.all(
    Object.entries(value).map(async ([name, field]): Promise<[string, unknown]> => {
      if (name === 'port') return [name, await freePort()];
      return [name, pem[name] ?? (await withRealValues(field))];
    }),
  );
  return Object.fromEntries(entries);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

let client: MqttClient | undefined;

async function connectDevice(): Promise<MqttClient> {
  if (client !== undefined) return client;
  await eventually(async () => {
    const { body } = await gatehouse.api('GET', `/gateways/${valueFor('gatewayId')}`);
    expect(body['status']).toBe('listening');
  });
  const connected = await connectAsync(`mqtts://${HOST}:${gatewayPort}`, {
    username: valueFor('deviceName'),
    password: valueFor('password'),
    clientId: valueFor('deviceName'),
    ca: authority.certificatePem,
    protocolVersion: 5,
    reconnectPeriod: 0,
  });
  device.defer(() => connected.endAsync());
  client = connected;
  await connected.subscribeAsync('down/#', { qos: 1 });
  return connected;
}

/** The stream answers without end: its data is what a device publishes. */
async function expectMessages(operation: DescribedOperation): Promise<void> {
  const ending = new AbortController();
  const events = await openEventStream(
    urlOf(operation, operation.parameters).href,
    headersOf([]),
    ending.signal,
  );
  const publisher = await connectDevice();
  await publisher.publishAsync('up/temperature', '{"t":21}', { qos: 1 });
  const { value } = await events.next();
  ending.abort();
  expect(value?.event).toBe('message');
  const data: unknown = JSON.parse(value?.data ?? '');
  expect(operation.success.problemOf(data)).toBeUndefined();
  expect(data).toMatchObject({ outcome: 'parsed', payload: { celsius: 21 } });
}
