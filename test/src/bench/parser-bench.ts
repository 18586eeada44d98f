import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileFunction } from 'node:vm';
import { projectDirectory } from '@gatehouse/local-servers';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { figuresTable, type Cell } from './figures-table.ts';
import { Fleet } from './fleet.ts';
import { gatewayUnderTest } from './gatehouse-under-test.ts';
import { BENCH_SCRIPTS, type BenchScript } from './parser-bench-scripts.ts';
import { cpuDuring } from './process-usage.ts';

const COLUMNS = ['script', 'how', 'messages/s and core', 'CPU µs a message', 'of the direct call'];
const BATCHES = [1, 50, 500];
const WARM_UP_MS = 500;
const MEASURED_MS = 2_100;
const ROUNDS = 3;
const CLIENTS = 100;
const PER_SECOND = 5_000;
const SECONDS = 8;
const WARM_UP_SECONDS = 3;

interface Input {
  readonly topic: string;
  readonly payload: Uint8Array;
}

interface Sandbox {
  run(inputs: readonly Input[]): Promise<readonly unknown[]>;
  retire(): void;
}

/** What a script costs: called directly, in the parser's sandbox, and in the whole service. */
export async function benchParser(write: (text: string) => void): Promise<void> {
  write('\n## A script\n');
  const rows: Cell[][] = [];
  for (const script of BENCH_SCRIPTS) {
    const direct = directCall(script);
    const sandbox = await openSandbox(script.code);
    const inputs = inputsOf(script);
    const ways = new Map<string, () => Promise<number>>([
      ['called directly in V8', () => measure(inputs.length, () => direct(inputs))],
      ...BATCHES.map(
        (size) =>
          [
            `sandbox, batches of ${size}`,
            () => measure(size, () => sandbox.run(inputs.slice(0, size))),
          ] as const,
      ),
    ]);
    const best = new Map<string, number>();
    // By turns, so that a busy moment of the machine meets each of them.
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, way] of ways)
        best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, await way()));
    }
    sandbox.retire();
    const limit = best.get('called directly in V8') ?? Number.NaN;
    for (const [name, micros] of best) rows.push(rowOf(script, name, micros, limit));
    rows.push(rowOf(script, 'the parser, all of it', await measureService(script), limit));
  }
  write(figuresTable(COLUMNS, rows));
}

const rowOf = ({ name }: BenchScript, how: string, micros: number, limit: number): Cell[] => [
  name,
  how,
  1e6 / micros,
  micros,
  (micros / limit).toFixed(1),
];

function inputsOf({ topic, payload }: BenchScript): Input[] {
  return Array.from({ length: Math.max(...BATCHES) }, () => ({ topic, payload }));
}

/** The function in this process, with an array in and the bytes of JSON out, as the sandbox has it. */
function directCall({ code }: BenchScript): (inputs: readonly Input[]) => number {
  const transform = compileFunction(`${code}\nreturn transformPayload;`)() as (
    topic: string,
    rawData: number[],
  ) => unknown;
  return (inputs) => {
    let bytes = 0;
    for (const { topic, payload } of inputs) {
      bytes += Buffer.from(JSON.stringify(transform(topic, Array.from(payload)))).length;
    }
    return bytes / inputs.length;
  };
}

/** Of the parser's own build: a service is no library, so nothing but its file can be asked for. */
async function openSandbox(code: string): Promise<Sandbox> {
  const file = join(projectDirectory, 'services/parser/dist/script/isolate-sandbox.js');
  const { IsolateSandboxes } = (await import(pathToFileURL(file).href)) as {
    readonly IsolateSandboxes: new (...parts: readonly unknown[]) => { open(code: string): Sandbox };
  };
  return new IsolateSandboxes(
    { timeoutMs: 50, memoryMb: 32, maxResultBytes: 524_288 },
    { scriptCpuSeconds: { add: () => undefined }, onIsolateLost: () => undefined },
  ).open(code);
}

/** Microseconds of this process' CPU, all its threads, for one message. */
async function measure(size: number, work: () => unknown): Promise<number> {
  // V8 compiles a function better the more it is called.
  for (const warmAt = performance.now() + WARM_UP_MS; performance.now() < warmAt;) await work();
  const before = process.cpuUsage();
  const endsAt = performance.now() + MEASURED_MS / ROUNDS;
  let done = 0;
  while (performance.now() < endsAt) {
    await work();
    done += size;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / done;
}

/** Microseconds of the parser's process for one message out of UPLINK, into MESSAGES. */
async function measureService(script: BenchScript): Promise<number> {
  await using gatehouse = await RunningGatehouse.start();
  const gateway = await gatewayUnderTest(gatehouse, 'bench_script', {
    clientCount: CLIENTS,
    script: script.code,
  });
  await using fleet = new Fleet();
  await fleet.ask('connect', { ...gateway, concurrency: 8 });
  const load = {
    qos: 1,
    perSecond: PER_SECOND,
    payloadBytes: script.payload.length,
    topic: script.topic,
  } as const;
  await fleet.ask('publish', { ...load, seconds: WARM_UP_SECONDS });
  let sent = 0;
  const usage = await cpuDuring([{ name: 'parser', pids: await gatehouse.pidsOf('parser') }], async () => {
    ({ sent } = await fleet.ask('publish', { ...load, seconds: SECONDS }));
  });
  await fleet.ask('end');
  return (usage.get('parser') ?? 0) / sent;
}
