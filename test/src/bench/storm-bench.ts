import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@gatehouse/testing';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { AuthenticatorUnderLoad } from './authenticator-under-load.ts';
import type { BrokerUnderTest } from './broker-under-test.ts';
import { reasonsInWords } from './counts-by-reason.ts';
import { figuresTable, type Cell } from './figures-table.ts';
import { gatewayUnderTest } from './gatehouse-under-test.ts';
import { percentileOf } from './latencies.ts';
import { EdgeMetricsReader } from './edge-metrics-reader.ts';
import { Neighbour, NEIGHBOUR_COLUMNS } from './neighbour.ts';
import { ProcessesElsewhere } from './processes-elsewhere.ts';
import { Storm } from './storm.ts';
import type { StormProgress } from './storm-devices.ts';

const AUTHENTICATOR_MS = 50;
/** AUTH_AUTHENTICATOR_CALLS_AT_ONCE, as it is by default. */
const CALLS_AT_ONCE = 50;
const HANGS_MS = 15_000;
const DEAD_MS = 15_000;
/** As many connects as beside a storm: of a few hundred the slowest hundredth is a matter of luck. */
const QUIET_MS = 60_000;
const WARM_UP_MS = 5_000;
const STORM_TIMEOUT_MS = 600_000;
const PROBES = 20;

const STORM_COLUMNS = [
  'storm',
  'devices in, after s',
  'first try to CONNACK: p50, p99 s',
  'a CONNECT: p50, p99 ms',
  'longest answer to CONNECT, longest try s',
  'tries',
  'of them refused, by code',
  'authenticator: calls, peak (limit)',
  'edge: event-loop delay p50, p99, max ms',
];

interface Scene {
  readonly gatehouse: RunningGatehouse;
  readonly edge: EdgeMetricsReader;
  readonly elsewhere: ProcessesElsewhere;
  readonly neighbour: Neighbour;
  readonly devices: number;
  readonly write: (text: string) => void;
}

/** In this order; passwords are known to those that come after the first. */
export const STORMS = ['passwords', 'passwords-known', 'authenticator', 'authenticator-dies'] as const;
export type StormName = (typeof STORMS)[number];

/** Thousands of devices at once: by passwords, by an authenticator, by one that dies in the middle. */
export async function benchStorm(
  write: (text: string) => void,
  devices: number,
  only: readonly string[],
): Promise<void> {
  const unknown = only.filter((name) => !(STORMS as readonly string[]).includes(name));
  if (unknown.length > 0) {
    throw new Error(`no storm is called ${unknown.join(', ')}: ${STORMS.join(', ')}`);
  }
  await using gatehouse = await RunningGatehouse.start({
    environment: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1', GATEHOUSE_LOG_LEVEL: 'warn' },
  });
  using elsewhere = new ProcessesElsewhere();
  await using authenticator = await AuthenticatorUnderLoad.start(AUTHENTICATOR_MS);
  const oneWay = await gatewayUnderTest(gatehouse, 'storm_one_way', { clientCount: devices });
  const thirdParty = await gatewayUnderTest(gatehouse, 'storm_third_party', {
    authentication: {
      type: 'third-party',
      method: 'https',
      url: authenticator.url,
      caCertificate: authenticator.caCertificate,
    },
  });
  const quiet = await gatewayUnderTest(gatehouse, 'storm_neighbour', { clientCount: PROBES });
  await using neighbour = await Neighbour.start(quiet);
  const edge = await EdgeMetricsReader.of(gatehouse);
  const scene: Scene = { gatehouse, edge, elsewhere, neighbour, devices, write };
  const byAuthenticator = { ...thirdParty, clients: oneWay.clients };

  await delay(WARM_UP_MS);
  await neighbour.take();
  await delay(QUIET_MS);
  const neighbours: Cell[][] = [['nothing', ...(await neighbour.take())]];
  const rows: Cell[][] = [];
  const storm = async (
    name: StormName,
    label: string,
    broker: BrokerUnderTest,
    during?: Incident,
  ): Promise<void> => {
    if (!only.includes(name)) return;
    const asked = broker === byAuthenticator ? authenticator : undefined;
    const { cells, meanwhile } = await measured(scene, broker, { asked, during });
    rows.push([label, ...cells]);
    neighbours.push([`storm: ${label}`, ...meanwhile.whole], ...meanwhile.parts);
    neighbours.push(['its devices leave', ...(await neighbour.take())]);
  };
  await storm('passwords', 'passwords, seen for the first time', oneWay);
  await storm('passwords-known', 'passwords, known', oneWay);
  await storm('authenticator', `authenticator of ${AUTHENTICATOR_MS} ms`, byAuthenticator);
  await storm('authenticator-dies', 'the same, hangs 15 s and is gone 15 s', byAuthenticator, (running) =>
    incident(running, scene, authenticator),
  );
  write(`${devices} devices at once, one edge; devices are put behind by ${elsewhere.how}\n`);
  write(figuresTable(STORM_COLUMNS, rows));
  write('');
  write(figuresTable(NEIGHBOUR_COLUMNS, neighbours));
}

/** What another gateway saw. */
interface Meanwhile {
  readonly whole: Cell[];
  readonly parts: Cell[][];
}

/** Returns what another gateway saw in its parts. */
type Incident = (storm: Storm) => Promise<Cell[][]>;

async function measured(
  { edge, elsewhere, neighbour, devices, write }: Scene,
  broker: BrokerUnderTest,
  {
    asked,
    during,
  }: { readonly asked: AuthenticatorUnderLoad | undefined; readonly during: Incident | undefined },
): Promise<{ readonly cells: Cell[]; readonly meanwhile: Meanwhile }> {
  const callsBefore = (await asked?.load())?.calls ?? 0;
  await edge.eventLoopDelay();
  await using storm = await Storm.begin({ ...broker, devices: broker.clients }, elsewhere);
  const parts = (await during?.(storm)) ?? [];
  await storm.admitted(devices, STORM_TIMEOUT_MS);
  const whole = await neighbour.take();
  const figures = await storm.figures();
  const late = await edge.eventLoopDelay();
  const load = await asked?.load();
  const cells = [
    ...stormCells(figures),
    load === undefined
      ? ''
      : `${load.calls - (during === undefined ? callsBefore : 0)}, ${load.peak} (${CALLS_AT_ONCE})`,
    late.map((seconds) => (seconds * 1_000).toFixed(0)).join(', '),
  ];
  write(`  ${cells.join(' | ')}`);
  await storm[Symbol.asyncDispose]();
  await eventually(async () => {
    const open = await edge.sessions();
    if (open > PROBES) throw new Error(`${open} sessions are still there`);
  }, 60_000);
  return { cells, meanwhile: { whole, parts } };
}

const seconds = (milliseconds: number): string => (milliseconds / 1_000).toFixed(1);

function stormCells(figures: StormProgress): Cell[] {
  const { admitted, admissionMs, connectMs, refusals } = figures;
  return [
    `${admitted}, ${seconds(figures.lastMs)}`,
    `${seconds(percentileOf(admissionMs, 0.5))}, ${seconds(percentileOf(admissionMs, 0.99))}`,
    `${percentileOf(connectMs, 0.5).toFixed(0)}, ${percentileOf(connectMs, 0.99).toFixed(0)}`,
    `${seconds(figures.longestAnswerMs)}, ${seconds(figures.longestTryMs)}`,
    String(figures.tries),
    reasonsInWords(refusals),
  ];
}

/** When a third of the devices is in, nobody answers, then nobody is there; then all is well again. */
async function incident(
  storm: Storm,
  { devices, neighbour }: Scene,
  authenticator: AuthenticatorUnderLoad,
): Promise<Cell[][]> {
  await storm.admitted(devices / 3, STORM_TIMEOUT_MS);
  await neighbour.part();
  authenticator.hang();
  await delay(HANGS_MS);
  const hanging = ['of it, while it hangs', ...(await neighbour.part())];
  await authenticator.die();
  await delay(DEAD_MS);
  const gone = ['of it, while it is gone', ...(await neighbour.part())];
  await authenticator.comeBack();
  return [hanging, gone];
}
