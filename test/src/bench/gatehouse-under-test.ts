import { readFile } from 'node:fs/promises';
import { freePort } from '@gatehouse/local-servers';
import { createCertificateAuthority } from '@gatehouse/pki';
import { eventually } from '@gatehouse/testing';
import { z } from 'zod';
import { importDevices } from '../imported-devices.ts';
import type { RunningGatehouse } from '../running-gatehouse.ts';
import type { BrokerUnderTest } from './broker-under-test.ts';
import type { Measured } from './process-usage.ts';

const created = z.object({ gatewayId: z.string(), productKey: z.string() });
const PARTS = ['edge', 'nats', 'parser', 'auth', 'registry', 'postgres'] as const;

/** The demo gateway, whose script parses every message. */
export async function parsingGateway(
  gatehouse: RunningGatehouse,
  clientCount: number,
): Promise<BrokerUnderTest> {
  const { productKey, port } = await gatehouse.device();
  return {
    name: 'Gatehouse, parsing',
    host: '127.0.0.1',
    port,
    ca: await readFile(gatehouse.caFile, 'utf8'),
    clients: await importDevices(gatehouse, productKey, clientCount),
    processes: () => processesOf(gatehouse),
  };
}

/** A gateway of its own, which passes messages unchanged. */
export function passThroughGateway(
  gatehouse: RunningGatehouse,
  clientCount: number,
): Promise<BrokerUnderTest> {
  return gatewayUnderTest(gatehouse, 'pass_through', { clientCount });
}

export interface GatewayOptions {
  readonly authentication?: Readonly<Record<string, unknown>>;
  /** PEM: devices show a certificate that chains to it. */
  readonly deviceRootCertificate?: string;
  /** Parses what its devices publish; without one messages pass. */
  readonly script?: string;
  /** Imported, with user names and passwords; none by default. */
  readonly clientCount?: number;
}

/** @param name 4 characters at least, as gateways are named */
export async function gatewayUnderTest(
  gatehouse: RunningGatehouse,
  name: string,
  { authentication = { type: 'one-way' }, deviceRootCertificate, script, clientCount = 0 }: GatewayOptions,
): Promise<BrokerUnderTest> {
  const authority = await createCertificateAuthority();
  const server = await authority.issueServerCertificate({
    commonName: 'localhost',
    ipAddresses: ['127.0.0.1'],
  });
  const port = await freePort();
  const { status, body } = await gatehouse.api('POST', '/gateways', {
    name,
    port,
    parsing: { enabled: script !== undefined },
    authentication,
    x509: { enabled: deviceRootCertificate !== undefined },
    ocsp: 'disabled',
    certificates: {
      serverCertificate: server.certificatePem,
      serverPrivateKey: server.privateKeyPem,
      ...(deviceRootCertificate === undefined ? {} : { deviceRootCertificate }),
    },
  });
  if (status !== 201) throw new Error(`creating a gateway answered ${status}: ${JSON.stringify(body)}`);
  const { gatewayId, productKey } = created.parse(body);
  if (script !== undefined) await submitScript(gatehouse, productKey, script);
  await eventually(async () => {
    const view = await gatehouse.api('GET', `/gateways/${gatewayId}`);
    if (view.body['status'] !== 'listening') throw new Error(`the gateway is ${String(view.body['status'])}`);
  });
  return {
    name: 'Gatehouse',
    host: '127.0.0.1',
    port,
    ca: authority.certificatePem,
    clients: clientCount === 0 ? [] : await importDevices(gatehouse, productKey, clientCount),
    processes: () => processesOf(gatehouse),
  };
}

async function submitScript(gatehouse: RunningGatehouse, productKey: string, code: string): Promise<void> {
  await gatehouse.api('PUT', `/products/${productKey}/parsing/draft`, { language: 'javascript', code });
  const { status, body } = await gatehouse.api('POST', `/products/${productKey}/parsing/draft:submit`);
  if (status >= 300) throw new Error(`submitting the script answered ${status}: ${JSON.stringify(body)}`);
}

export async function processesOf(gatehouse: RunningGatehouse): Promise<Measured[]> {
  return Promise.all(PARTS.map(async (name) => ({ name, pids: await gatehouse.pidsOf(name) })));
}
