import { freePort } from '@gatehouse/local-servers';
import { createCertificateAuthority, type CertificateAuthority } from '@gatehouse/pki';
import { eventually } from '@gatehouse/testing';
import type { ApiAnswer, RunningGatehouse } from './running-gatehouse.ts';

const HOST = '127.0.0.1';

export interface TestGateway {
  readonly gatewayId: string;
  readonly productKey: string;
  readonly port: number;
  /** Of the gateway in the API. */
  readonly path: string;
  /** Where its devices connect to, and whom they trust. */
  readonly address: { readonly host: string; readonly port: number; readonly ca: string };
}

/** Gateways of a Gatehouse, with server certificates of an authority of the tests. */
export class TestGateways {
  private constructor(
    private readonly gatehouse: RunningGatehouse,
    private readonly authority: CertificateAuthority,
  ) {}

  static async of(gatehouse: RunningGatehouse): Promise<TestGateways> {
    return new TestGateways(gatehouse, await createCertificateAuthority());
  }

  /** Of the authority, PEM. */
  get ca(): string {
    return this.authority.certificatePem;
  }

  async certificatesFor(commonName: string) {
    const issued = await this.authority.issueServerCertificate({ commonName, ipAddresses: [HOST] });
    return { serverCertificate: issued.certificatePem, serverPrivateKey: issued.privateKeyPem };
  }

  /** @param settings as POST /gateways takes them; they may bring a port and certificates of their own */
  async create(name: string, settings: object = {}): Promise<TestGateway> {
    const { port, certificates: more, ...others } = { port: await freePort(), certificates: {}, ...settings };
    const certificates = { ...(await this.certificatesFor(name)), ...more };
    const answer = await this.gatehouse.api('POST', '/gateways', { name, port, ...others, certificates });
    if (answer.status !== 201) throw new Error(`POST /gateways answered ${JSON.stringify(answer)}`);
    const gatewayId = String(answer.body['gatewayId']);
    return {
      gatewayId,
      productKey: String(answer.body['productKey']),
      port,
      path: `/gateways/${gatewayId}`,
      address: { host: HOST, port, ca: this.ca },
    };
  }

  view({ path }: TestGateway): Promise<ApiAnswer> {
    return this.gatehouse.api('GET', path);
  }

  /** At every edge. */
  untilListening(gateway: TestGateway): Promise<void> {
    return eventually(async () => {
      const { body } = await this.view(gateway);
      if (body['status'] !== 'listening' || body['statusReason'] !== null) {
        throw new Error(`the gateway is ${String(body['status'])}: ${String(body['statusReason'])}`);
      }
    });
  }

  /** The same, and waits until it listens. */
  async open(name: string, settings: object = {}): Promise<TestGateway> {
    const gateway = await this.create(name, settings);
    await this.untilListening(gateway);
    return gateway;
  }
}
