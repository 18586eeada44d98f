import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DEFAULT_GATEWAY_LIMITS,
  DEFAULT_GATEWAY_TLS,
  DEFAULT_REVOCATION,
  type GatewayListener,
} from '@gatehouse/contracts';
import { freePort, startNatsServer, type NatsServer } from '@gatehouse/local-servers';
import { connectNats } from '@gatehouse/nats';
import { readConfig, startService, type RunningService } from '@gatehouse/nest';
import type { Logger } from '@gatehouse/observability';
import { createCertificateAuthority, type CertificateAuthority } from '@gatehouse/pki';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { edgeConfig } from '../edge.config.ts';
import { EDGE_SERVICE } from '../edge.module.ts';
import { BusDouble } from './bus-double.ts';
import { OcspDouble } from './ocsp-double.ts';
import { StoredByEdges } from './stored-by-edges.ts';

/** Where a client finds a gateway, and whom it trusts. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
}

/** NATS, the doubles of registry and auth, one gateway; and edges, each with its whole module. */
export class EdgeHouse implements AsyncDisposable {
  readonly stored: StoredByEdges;
  readonly bus: BusDouble;
  readonly ocsp: OcspDouble;
  readonly #edges: RunningService[] = [];

  private constructor(
    private readonly directory: string,
    public server: NatsServer,
    readonly nats: NatsConnection,
    readonly authority: CertificateAuthority,
  ) {
    this.stored = new StoredByEdges(nats);
    this.bus = new BusDouble(nats);
    this.ocsp = new OcspDouble(nats);
  }

  static async open(): Promise<EdgeHouse> {
    process.env['LOG_LEVEL'] ??= 'silent';
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-edge-'));
    const server = await startNatsServer({ directory });
    const nats = await connectNats(server.url, 'edge-test');
    return new EdgeHouse(directory, server, nats, await createCertificateAuthority('edge test'));
  }

  /**
   * @param settings environment of this edge, such as EDGE_HOST
   * @param logger in place of the edge's own, for what it writes
   */
  async startEdge(settings: Record<string, string> = {}, logger?: Logger): Promise<RunningService> {
    const definition = {
      ...EDGE_SERVICE,
      readConfig: () => readConfig(edgeConfig, { NATS_URL: this.server.url, ...settings }),
    };
    const edge = await startService(definition, logger);
    this.#edges.push(edge);
    return edge;
  }

  /** @param settings of the listener that differ from those of a gateway without X.509 */
  async newGateway(
    gatewayId: string,
    { port = 0, version = 1, ...settings }: Partial<GatewayListener> = {},
  ): Promise<GatewayListener> {
    const issued = await this.authority.issueServerCertificate({
      commonName: `version ${version}`,
      ipAddresses: ['127.0.0.1', '127.0.0.2'],
    });
    return {
      gatewayId,
      productKey: 'a1',
      name: gatewayId,
      port: port === 0 ? await freePort() : port,
      hostname: null,
      version,
      serverCertificate: issued.certificatePem,
      serverPrivateKey: issued.privateKeyPem,
      alternativeServerCertificate: null,
      alternativeServerPrivateKey: null,
      trustedCertificate: null,
      tls: DEFAULT_GATEWAY_TLS,
      ocsp: 'disabled',
      revocation: DEFAULT_REVOCATION,
      deviceRootCertificate: null,
      admissionVersion: 1,
      limits: { ...DEFAULT_GATEWAY_LIMITS, connectsPerMinute: null },
      permissions: [],
      ...settings,
    };
  }

  address(gateway: GatewayListener, host = '127.0.0.1'): Address {
    return { host, port: gateway.port, ca: this.authority.certificatePem };
  }

  async stopNats(): Promise<void> {
    await this.server.stop();
  }

  /** On the same port, with everything that was stored. */
  async startNats(): Promise<void> {
    this.server = await startNatsServer({ directory: this.directory, port: this.server.port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#edges.map((edge) => edge.stop()));
    await this.nats.close();
    await this.server.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** An MQTT.js client that is connected; it does not connect again by itself. */
export function connectDevice(
  address: Address,
  username: string,
  options: IClientOptions = {},
): Promise<MqttClient> {
  return connectAsync({
    protocol: 'mqtts',
    ...address,
    username,
    password: 'secret',
    clientId: username,
    reconnectPeriod: 0,
    ...options,
  });
}

/** Resolves when the edge has read all that the client has sent: its answer to PINGREQ comes after that. */
export async function untilRead(device: MqttClient): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  device.on('packetreceive', ({ cmd }) => {
    if (cmd === 'pingresp') resolve();
  });
  device.sendPing();
  await promise;
}

/** The DISCONNECT that an MQTT 5.0 client gets: its reason code and reason string. */
export function disconnected(
  device: MqttClient,
): Promise<{ reasonCode: number | undefined; reasonString: string | undefined }> {
  return new Promise((resolve) => {
    device.once('disconnect', ({ reasonCode, properties }) =>
      resolve({ reasonCode, reasonString: properties?.reasonString }),
    );
  });
}
