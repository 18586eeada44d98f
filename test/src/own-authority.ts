import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, opensslProgram } from '@gatehouse/local-servers';
import { eventually } from '@gatehouse/testing';
import { connectAsync, type MqttClient } from 'mqtt';
import type { RunningGatehouse } from './running-gatehouse.ts';

const run = promisify(execFile);
const HOST = '127.0.0.1';
const PASSWORD = 'secret';
/** Of a name that openssl makes a request for. */
const P256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

type Answer = Readonly<Record<string, unknown>>;

/** Answers about certificates last so long: settings of a Gatehouse whose revocations are noticed soon. */
export const answersLasting = (seconds: number): Readonly<Record<string, string>> => ({
  REGISTRY_OCSP_VALIDITY_SECONDS: String(seconds),
  GATEHOUSE_OCSP_MIN_SECONDS: '1',
  GATEHOUSE_OCSP_MAX_SECONDS: String(seconds),
});

/** An authority of a Gatehouse, with the files of those that it made certificates for, and openssl beside them. */
export class OwnAuthority implements AsyncDisposable {
  private constructor(
    private readonly gatehouse: RunningGatehouse,
    private readonly directory: string,
    /** As POST /authorities has answered. */
    readonly answer: Answer,
  ) {}

  static async create(gatehouse: RunningGatehouse): Promise<OwnAuthority> {
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-own-authority-'));
    const answer = await post(gatehouse, '/authorities', { commonName: 'Meters' });
    const authority = new OwnAuthority(gatehouse, directory, answer);
    await writeFile(authority.at('ca.pem'), String(answer['certificate']));
    return authority;
  }

  /** Of the authority in the API. */
  get path(): string {
    return `/authorities/${String(this.answer['authorityId'])}`;
  }

  /** `ca.pem`, and `.key`, `.csr` and `.pem` of each name that was signed. */
  at(file: string): string {
    return join(this.directory, file);
  }

  async openssl(...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
    const { command, environment: env } = await opensslProgram();
    return run(command, args, { cwd: this.directory, env, timeout: 60_000 });
  }

  /** @returns the serial number of a new device's certificate */
  signDevice(name: string): Promise<string> {
    return this.#sign(name, 'client', ...P256, '-subj', `/CN=${name}`);
  }

  /** The files are `server.key` and `server.pem`. */
  signServer(...key: readonly string[]): Promise<string> {
    const names = ['-subj', '/CN=localhost', '-addext', `subjectAltName=DNS:localhost,IP:${HOST}`];
    return this.#sign('server', 'server', ...(key.length === 0 ? P256 : key), ...names);
  }

  async revoke(serialNumber: string, reason?: string): Promise<void> {
    const body = reason === undefined ? {} : { reason };
    await post(this.gatehouse, `${this.path}/certificates/${serialNumber}:revoke`, body);
  }

  /** A gateway with X.509, OCSP and the certificate of signServer(), for devices of these names. */
  async openGateway(
    devices: readonly string[],
  ): Promise<{ readonly gatewayId: string; readonly port: number }> {
    const port = await freePort();
    const ca = await readFile(this.at('ca.pem'), 'utf8');
    const { gatewayId, productKey } = await post(this.gatehouse, '/gateways', {
      name: 'meters',
      port,
      x509: { enabled: true },
      ocsp: 'client-and-server',
      certificates: {
        serverCertificate: await readFile(this.at('server.pem'), 'utf8'),
        serverPrivateKey: await readFile(this.at('server.key'), 'utf8'),
        deviceRootCertificate: ca,
        trustedCertificate: ca,
      },
    });
    await post(this.gatehouse, `/products/${String(productKey)}/devices:import`, {
      devices: devices.map((username) => ({ username, password: PASSWORD })),
    });
    await eventually(async () => {
      const { body } = await this.gatehouse.api('GET', `/gateways/${String(gatewayId)}`);
      if (body['status'] !== 'listening') throw new Error(`the gateway is ${String(body['status'])}`);
    });
    return { gatewayId: String(gatewayId), port };
  }

  async connect(name: string, port: number): Promise<MqttClient> {
    return connectAsync(`mqtts://${HOST}:${port}`, {
      ca: await readFile(this.at('ca.pem')),
      cert: await readFile(this.at(`${name}.pem`)),
      key: await readFile(this.at(`${name}.key`)),
      username: name,
      password: PASSWORD,
      clientId: name,
      protocolVersion: 5,
      reconnectPeriod: 0,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true });
  }

  async #sign(name: string, usage: string, ...request: readonly string[]): Promise<string> {
    await this.openssl('req', '-new', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, ...request);
    const csr = await readFile(this.at(`${name}.csr`), 'utf8');
    const signed = await post(this.gatehouse, `${this.path}/certificates`, { csr, usage });
    await writeFile(this.at(`${name}.pem`), String(signed['certificate']));
    return String(signed['serialNumber']);
  }
}

async function post(gatehouse: RunningGatehouse, path: string, input: unknown): Promise<Answer> {
  const { status, body } = await gatehouse.api('POST', path, input);
  if (status >= 300) throw new Error(`POST ${path} answered ${status}: ${JSON.stringify(body)}`);
  return body;
}
