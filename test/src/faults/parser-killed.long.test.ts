import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { commandLineOf } from '@gatehouse/local-servers';
import { eventually } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { Fleet } from '../bench/fleet.ts';
import { importDevices } from '../imported-devices.ts';
import { ParserProcess } from '../parser-process.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { serviceCommandOf, type ServiceCommand } from '../service-command.ts';
import { countStoredMessages, storedMessages } from '../stored-messages.ts';

const KILLS = Number(process.env['PARSER_KILLS'] ?? 50);
const PER_SECOND = 2_000;
const DEVICES = 100;
/** Published in one go; the next go follows when all of it is acknowledged. */
const SECONDS = 10;
/** What a parser has done before it is killed: it is in the middle of things then. */
const PARSED_BEFORE_KILL = 500;
const AT_WORK_WITHIN_MS = 30_000;
/** Each so often all parsers are killed together, so that nobody takes over. */
const ALL_EVERY = 10;

test(`${KILLS} kills of parsers at ${PER_SECOND} messages a second lose, double and disorder nothing`, async () => {
  await using gatehouse = await RunningGatehouse.start();
  const { productKey, host, port } = await gatehouse.device();
  const { natsUrl } = await gatehouse.runFile();
  const devices = await importDevices(gatehouse, productKey, DEVICES);
  await using fleet = new Fleet();
  const ca = await readFile(gatehouse.caFile, 'utf8');
  await fleet.ask('connect', { host, port, ca, clients: devices, concurrency: 8 });
  await using parsers = await Parsers.beside(gatehouse);
  const killing = new Killing(parsers);
  const beganAt = performance.now();
  let sent = 0;
  let slowestAckMs = 0;
  do {
    const result = await fleet.ask('publish', {
      qos: 1,
      perSecond: PER_SECOND,
      seconds: SECONDS,
      payloadBytes: 64,
      topic: 'up/count',
      isNumbered: true,
    });
    expect(result.acknowledged).toBe(result.sent);
    sent += result.sent;
    slowestAckMs = Math.max(slowestAckMs, result.p99Ms);
  } while (killing.goesOn);
  const kills = await killing.done;
  const seconds = (performance.now() - beganAt) / 1_000;
  await fleet.ask('end');
  const lastKilledAt = performance.now();
  await eventually(
    async () => expect(await countStoredMessages(natsUrl, productKey)).toBeGreaterThanOrEqual(sent),
    60_000,
    250,
  );
  process.stdout.write(
    `${kills} kills in ${seconds.toFixed(0)} s; ${sent} messages, ${(sent / seconds).toFixed(0)} a second, PUBACK p99 ${slowestAckMs.toFixed(0)} ms; all stored ${((performance.now() - lastKilledAt) / 1_000).toFixed(1)} s after the last one\n`,
  );

  const stored = await storedMessages(natsUrl, productKey);
  expect(stored.length).toBe(sent);
  expect(new Set(stored.map(({ messageId }) => messageId)).size).toBe(sent);
  const next = new Map<string, number>();
  const disordered = stored.filter(({ deviceName, payload }) => {
    const expected = next.get(deviceName) ?? 0;
    next.set(deviceName, expected + 1);
    return (JSON.parse(payload) as { n: number }).n !== expected;
  });
  expect(disordered.slice(0, 3)).toEqual([]);
  expect(next.size).toBe(DEVICES);
});

/** Kills parsers that are in the middle of their work, one after the other and now and then all. */
class Killing {
  goesOn = true;
  /** Parsers that were killed. */
  readonly done: Promise<number>;

  constructor(private readonly parsers: Parsers) {
    this.done = this.#run().finally(() => (this.goesOn = false));
    this.done.catch(() => undefined);
  }

  async #run(): Promise<number> {
    let kills = 0;
    for (let turn = 0; kills < KILLS; turn += 1) {
      await this.parsers.start();
      const victim = await this.parsers.oneAtWork();
      await wait(Math.random() * 200);
      if (turn % ALL_EVERY === ALL_EVERY - 1) kills += await this.parsers.killAll();
      else kills += await this.parsers.kill(victim);
    }
    return kills;
  }
}

/** Two parsers beside that of Gatehouse, which its supervisor starts again more and more slowly. */
class Parsers implements AsyncDisposable {
  readonly #own: (ParserProcess | undefined)[] = [undefined, undefined];

  private constructor(
    private readonly gatehouse: RunningGatehouse,
    private readonly command: ServiceCommand,
  ) {}

  static async beside(gatehouse: RunningGatehouse): Promise<Parsers> {
    return new Parsers(gatehouse, await serviceCommandOf(gatehouse, 'parser'));
  }

  /** Those that were killed. */
  async start(): Promise<void> {
    for (const [index, parser] of this.#own.entries()) {
      this.#own[index] = parser ?? (await ParserProcess.start(this.command));
    }
  }

  /** Not every one has partitions. */
  oneAtWork(): Promise<number> {
    return eventually(async () => {
      const parsed = await Promise.all(this.#own.map(async (parser) => (await parser?.parsed()) ?? 0));
      const index = parsed.findIndex((each) => each >= PARSED_BEFORE_KILL);
      if (index === -1) throw new Error(`the parsers have parsed ${parsed.join(' and ')} messages`);
      return index;
    }, AT_WORK_WITHIN_MS);
  }

  /** How many were killed. */
  async kill(index: number): Promise<number> {
    await this.#own[index]?.kill();
    this.#own[index] = undefined;
    return 1;
  }

  async killAll(): Promise<number> {
    const [supervised = 0] = await this.gatehouse.pidsOf('parser');
    const isRunning = (await commandLineOf(supervised)) !== undefined;
    if (isRunning) process.kill(supervised, 'SIGKILL');
    await Promise.all(this.#own.map((_, index) => this.kill(index)));
    return this.#own.length + (isRunning ? 1 : 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const parser of this.#own) await parser?.[Symbol.asyncDispose]();
  }
}
