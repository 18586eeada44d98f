import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  deviceView,
  gatewayPage,
  gatewayView,
  importResult,
  parsingDraftView,
  parsingVersionList,
  parsingVersionView,
  type GatewayView,
} from '@gatehouse/contracts';
import { createCertificateAuthority } from '@gatehouse/pki';
import { DemoNotCreated } from '../local.failures.ts';
import { ApiRefused, type ApiClient } from './api-client.ts';
import type { DemoDevice, DemoFiles } from './demo-files.ts';
import { DEMO_SCRIPT } from './demo-script.ts';

const GATEWAY_NAME = 'demo_gateway';
const DEVICE_NAME = 'demo_device';
const HOST = '127.0.0.1';
const PASSWORD_BYTES = 12;
const LISTENING_TIMEOUT_MS = 20_000;
const ASK_EVERY_MS = 50;

/**
 * The demo gateway and device, set up through the HTTP API like anybody's: at the first start, and again when
 * a start was interrupted in between. Once they are there they belong to the user, and stay as they are.
 *
 * @returns undefined when the user has deleted them
 * @throws {DemoNotCreated}
 */
export async function setUpDemo(
  api: ApiClient,
  files: DemoFiles,
  port: number,
): Promise<DemoDevice | undefined> {
  const known = await files.device();
  const { items: gateways } = await step('listing gateways', () =>
    api.call(gatewayPage, 'GET', '/gateways?limit=1000'),
  );
  if (known !== undefined && gateways.some(({ gatewayId }) => gatewayId === known.gatewayId)) return known;
  const found = gateways.find(({ name }) => name === GATEWAY_NAME);
  if (known !== undefined && gateways.length > 0 && found === undefined) return undefined;

  const gateway = await step('creating the gateway', () => demoGateway(api, files, { found, port }));
  await step('submitting the parsing script', () => submitScript(api, gateway.productKey));
  const password = randomBytes(PASSWORD_BYTES).toString('hex');
  await step('importing the device', () => importDevice(api, gateway.productKey, password));
  const device = {
    host: HOST,
    port: gateway.port,
    username: DEVICE_NAME,
    password,
    clientId: DEVICE_NAME,
    productKey: gateway.productKey,
    deviceName: DEVICE_NAME,
    gatewayId: gateway.gatewayId,
  };
  await files.writeDevice(device);
  return device;
}

/** @throws {DemoNotCreated} it does not listen in time, or an edge says why it cannot */
export async function awaitListening(api: ApiClient, gatewayId: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + LISTENING_TIMEOUT_MS;
  for (;;) {
    const gateway = await step('asking for its status', () =>
      api.call(gatewayView, 'GET', `/gateways/${gatewayId}`),
    );
    if (gateway.status === 'listening') return;
    const isLate = performance.now() > deadline;
    if (gateway.status === 'failed' || isLate) {
      throw new DemoNotCreated(
        `the gateway on port ${gateway.port} is ${gateway.status}`,
        gateway.statusReason ?? `no edge listens after ${LISTENING_TIMEOUT_MS / 1_000} s`,
      );
    }
    await sleep(ASK_EVERY_MS, undefined, { signal });
  }
}

async function demoGateway(
  api: ApiClient,
  files: DemoFiles,
  { found, port }: { found: GatewayView | undefined; port: number },
): Promise<GatewayView> {
  if (found !== undefined && (await files.hasCa())) return found;
  const authority = await createCertificateAuthority();
  const server = await authority.issueServerCertificate({
    commonName: 'localhost',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1', '::1'],
  });
  const certificates = {
    serverCertificate: server.certificatePem,
    serverPrivateKey: server.privateKeyPem,
  };
  await files.writeCa(authority.certificatePem);
  if (found !== undefined)
    return api.call(gatewayView, 'PATCH', `/gateways/${found.gatewayId}`, { certificates });
  return api.call(gatewayView, 'POST', '/gateways', {
    name: GATEWAY_NAME,
    port,
    parsing: { enabled: true },
    authentication: { type: 'one-way' },
    // Whoever tries it pastes the same line as often as they like.
    limits: { connectsPerMinute: null },
    certificates,
  });
}

async function submitScript(api: ApiClient, productKey: string): Promise<void> {
  const parsing = `/products/${productKey}/parsing`;
  const { items } = await api.call(parsingVersionList, 'GET', `${parsing}/versions`);
  if (items.length > 0) return;
  await api.call(parsingDraftView, 'PUT', `${parsing}/draft`, { language: 'javascript', code: DEMO_SCRIPT });
  await api.call(parsingVersionView, 'POST', `${parsing}/draft:submit`);
}

async function importDevice(api: ApiClient, productKey: string, password: string): Promise<void> {
  const devices = `/products/${productKey}/devices`;
  const exists = await api.call(deviceView, 'GET', `${devices}/${DEVICE_NAME}`).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ApiRefused && error.status === 404) return false;
      throw error;
    },
  );
  if (exists) {
    await api.call(deviceView, 'PUT', `${devices}/${DEVICE_NAME}/credentials`, { password });
    return;
  }
  const result = await api.call(importResult, 'POST', `${devices}:import`, {
    devices: [{ username: DEVICE_NAME, password }],
  });
  if (result.imported !== 1) throw new Error(result.errors[0]?.reason ?? 'nothing was imported');
}

async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new DemoNotCreated(name, error instanceof Error ? error.message : String(error));
  }
}
