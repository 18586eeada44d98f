import { setTimeout as wait } from 'node:timers/promises';
import type { GatewayView } from '@gatehouse/contracts';
import { freePort } from '@gatehouse/local-servers';
import { readConfig, startService } from '@gatehouse/nest';
import { createCertificateAuthority } from '@gatehouse/pki';
import { createTestDatabase, startTestNats } from '@gatehouse/testing';
import { registryConfig } from '../registry.config.ts';
import { prepareRegistryHttp, REGISTRY_HTTP_OPTIONS } from '../registry-http.module.ts';
import { registryModule } from '../registry.module.ts';

export const BOOTSTRAP_KEY = 'bootstrap-key-of-the-tests';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
  readonly body: any;
}

export interface ApiRequest {
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The API key; null for none. */
  readonly key?: string | null;
}

/** The whole registry in this process, with its API on a real port. */
export interface RegistryUnderTest extends AsyncDisposable {
  readonly url: string;
  /** Resolves when /readyz says so. */
  ready(): Promise<void>;
  /** `call('POST /gateways', { json })`; the path is below /api/v1. */
  call(methodAndPath: string, request?: ApiRequest): Promise<ApiAnswer>;
}

/** With the servers that it needs, which end with it. */
export interface ServedRegistry extends RegistryUnderTest {
  readonly natsUrl: string;
  readonly databaseUrl: string;
}

/** A registry that is ready, on a NATS server and a database of its own. */
export async function startServedRegistry(): Promise<ServedRegistry> {
  await using starting = new AsyncDisposableStack();
  const { url: natsUrl } = starting.use(await startTestNats());
  const { url: databaseUrl } = starting.use(await createTestDatabase());
  const registry = starting.use(await startRegistry(databaseUrl, natsUrl));
  await registry.ready();
  const servers = starting.move();
  return { ...registry, natsUrl, databaseUrl, [Symbol.asyncDispose]: () => servers.disposeAsync() };
}

export async function startRegistry(
  databaseUrl: string,
  natsUrl: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<RegistryUnderTest> {
  const port = await freePort();
  const service = await startService({
    name: 'registry',
    readConfig: () =>
      readConfig(registryConfig, {
        DATABASE_URL: databaseUrl,
        NATS_URL: natsUrl,
        HTTP_PORT: String(port),
        GATEHOUSE_MASTER_KEY: '07'.repeat(32),
        GATEHOUSE_BOOTSTRAP_API_KEY: BOOTSTRAP_KEY,
        STREAM_MAX_BYTES: String(64 * 1024 * 1024),
        ...environment,
      }),
    module: registryModule,
    httpOptions: REGISTRY_HTTP_OPTIONS,
    prepareHttp: prepareRegistryHttp,
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    ready: () => untilReady(url),
    call: (methodAndPath, request = {}) => callApi(url, methodAndPath, request),
    [Symbol.asyncDispose]: () => service.stop(),
  };
}

async function untilReady(url: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const response = await fetch(`${url}/readyz`);
    const text = await response.text();
    if (response.ok) return;
    if (performance.now() > deadline) throw new Error(`the registry is not ready: ${text}`);
    await wait(50);
  }
}

async function callApi(
  url: string,
  methodAndPath: string,
  { json, text, headers, key = BOOTSTRAP_KEY }: ApiRequest,
): Promise<ApiAnswer> {
  const [method = 'GET', path = '/'] = methodAndPath.split(' ');
  const body = json === undefined ? text : JSON.stringify(json);
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  const answer = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(answer) : answer };
}

let port = 20_000;

/** A body for POST /gateways with a certificate of its own. */
export async function gatewayBody(name: string): Promise<Record<string, unknown>> {
  const authority = await createCertificateAuthority();
  const { certificatePem, privateKeyPem } = await authority.issueServerCertificate({
    commonName: 'localhost',
    dnsNames: ['localhost'],
  });
  return {
    name,
    port: (port += 1),
    certificates: { serverCertificate: certificatePem, serverPrivateKey: privateKeyPem },
  };
}

export async function createGateway(registry: RegistryUnderTest, name: string): Promise<GatewayView> {
  const { status, body } = await registry.call('POST /gateways', { json: await gatewayBody(name) });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body;
}

export async function importDevices(
  registry: RegistryUnderTest,
  productKey: string,
  ...names: readonly string[]
): Promise<void> {
  const devices = names.map((username) => ({ username, password: 'secret' }));
  const { status, body } = await registry.call(`POST /products/${productKey}/devices:import`, {
    json: { devices },
  });
  if (status !== 200) throw new Error(JSON.stringify(body));
}
