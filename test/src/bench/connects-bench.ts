import { createCertificateAuthority } from '@gatehouse/pki';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { AuthenticatorUnderLoad } from './authenticator-under-load.ts';
import type { BrokerUnderTest } from './broker-under-test.ts';
import { measureConnects, measureResumedConnects, type ConnectFigures } from './connect-bench.ts';
import { figuresTable, type Cell } from './figures-table.ts';
import { gatewayUnderTest } from './gatehouse-under-test.ts';
import { startMosquitto } from './mosquitto-under-test.ts';
import type { LoadClient } from './mqtt-load.ts';
import { shares } from './publish-bench.ts';

const COLUMNS = ['what', 'connects/s', 'CPU µs a connect', 'of it', 'of mosquitto', 'resumed'];
const CLIENTS = 1_000;
const AUTHENTICATOR_MS = 50;
/** An edge runs for weeks: V8 has compiled by then what connects run, and has not after a thousand of them. */
const WARM_UP_ROUNDS = 4;

/** A connect by every way to prove who one is, each beside mosquitto in the same run; two edges on one port. */
export async function benchConnects(write: (text: string) => void): Promise<void> {
  await using gatehouse = await RunningGatehouse.start({
    edges: 2,
    environment: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1' },
  });
  write('\n## A connect\n');
  const rows = [
    ...(await passwordRows(gatehouse)),
    ...(await certificateRows(gatehouse)),
    await authenticatorRow(gatehouse),
  ];
  write(figuresTable(COLUMNS, rows));
}

async function passwordRows(gatehouse: RunningGatehouse): Promise<Cell[][]> {
  const broker = await gatewayUnderTest(gatehouse, 'by_password', { clientCount: CLIENTS });
  await using mosquitto = await startMosquitto(CLIENTS);
  const first = await measureConnects(broker);
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) await measureConnects(broker);
  const again = await measureConnects(broker);
  const theirs = await measureConnects(mosquitto.broker);
  const resumed = await measureResumedConnects(broker);
  const theirsResumed = await measureResumedConnects(mosquitto.broker);
  return [
    row('password, the first after a start', first, theirs),
    row('password, after 5,000', again, theirs),
    row('mosquitto, password file', theirs),
    row('password, TLS session resumed', resumed, theirs),
    row('mosquitto, the same', theirsResumed, theirs),
  ];
}

async function certificateRows(gatehouse: RunningGatehouse): Promise<Cell[][]> {
  const authority = await createCertificateAuthority('Device CA');
  const withCertificates = async (broker: BrokerUnderTest): Promise<BrokerUnderTest> => ({
    ...broker,
    clients: await Promise.all(
      broker.clients.map(async (client): Promise<LoadClient> => ({
        ...client,
        certificate: await authority.issueClientCertificate({ commonName: client.username }),
      })),
    ),
  });
  const broker = await gatewayUnderTest(gatehouse, 'by_certificate', {
    clientCount: CLIENTS,
    deviceRootCertificate: authority.certificatePem,
  });
  await using mosquitto = await startMosquitto(CLIENTS, authority.certificatePem);
  const mutual = await withCertificates(broker);
  const theirBroker = await withCertificates(mosquitto.broker);
  await measureConnects(mutual);
  const ours = await measureConnects(mutual);
  const theirs = await measureConnects(theirBroker);
  const resumed = await measureResumedConnects(mutual);
  return [
    row('client certificate and password', ours, theirs),
    row('mosquitto, the same', theirs),
    row('client certificate and password, TLS session resumed', resumed, theirs),
  ];
}

async function authenticatorRow(gatehouse: RunningGatehouse): Promise<Cell[]> {
  await using authenticator = await AuthenticatorUnderLoad.start(AUTHENTICATOR_MS);
  const gateway = await gatewayUnderTest(gatehouse, 'by_authenticator', {
    authentication: {
      type: 'third-party',
      method: 'https',
      url: authenticator.url,
      caCertificate: authenticator.caCertificate,
    },
  });
  const clients = Array.from({ length: CLIENTS }, (_, index) => ({
    username: `third-${index}`,
    password: `password-${index}`,
    clientId: `third-${index}`,
  }));
  const broker = { ...gateway, clients };
  // Makes the devices.
  await measureConnects(broker);
  return row('HTTPS authenticator (its own CPU not counted)', await measureConnects(broker));
}

function row(label: string, ours: ConnectFigures, theirs?: ConnectFigures): Cell[] {
  return [
    label,
    ours.connectsPerSecond,
    ours.cpu,
    shares(ours.cpuOfPart, 1),
    theirs === undefined ? '' : (ours.cpu / theirs.cpu).toFixed(1),
    ours.resumedShare === 0 ? '' : `${(ours.resumedShare * 100).toFixed(0)} %`,
  ];
}
