import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort, projectDirectory } from '@gatehouse/local-servers';
import { z } from 'zod';

const demoDevice = z.object({
  host: z.string(),
  port: z.number(),
  username: z.string(),
  password: z.string(),
  clientId: z.string(),
  productKey: z.string(),
  deviceName: z.string(),
  gatewayId: z.string(),
});
export type DemoDevice = z.infer<typeof demoDevice>;

const runFile = z.object({
  natsUrl: z.string(),
  processes: z.array(z.object({ name: z.string(), pid: z.number(), url: z.string().optional() })),
});
export type RunFile = z.infer<typeof runFile>;

const answerBody = z.union([
  z.record(z.string(), z.unknown()),
  z.array(z.unknown()).transform((items) => ({ items })),
]);

export interface ApiAnswer {
  readonly status: number;
  /** Empty when the answer has none; a list is its `items`. */
  readonly body: Readonly<Record<string, unknown>>;
}

const READY_TIMEOUT_MS = 120_000;
const KEPT_LINES = 200;

export interface GatehouseOptions {
  /** Keep this data directory; by default a new one, deleted at the end. */
  readonly dataDirectory?: string;
  readonly edges?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Every line that it writes. */
  readonly onLine?: (line: string) => void;
}

/** All of Gatehouse as `npm start` runs it, on free ports and a data directory of its own. */
export class RunningGatehouse implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];

  readonly dataDirectory: string;
  readonly httpPort: number;
  readonly mqttPort: number;

  private constructor(
    child: ChildProcess,
    place: { dataDirectory: string; httpPort: number; mqttPort: number },
    private readonly keepsData: boolean,
  ) {
    this.#child = child;
    ({ dataDirectory: this.dataDirectory, httpPort: this.httpPort, mqttPort: this.mqttPort } = place);
  }

  static async start(options: GatehouseOptions = {}): Promise<RunningGatehouse> {
    const dataDirectory = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), 'gatehouse-')));
    const [httpPort, mqttPort] = [await freePort(), await freePort()];
    const child = spawn(
      process.execPath,
      [
        join(projectDirectory, 'infra/local/dist/main.js'),
        `--data-dir=${dataDirectory}`,
        `--http-port=${httpPort}`,
        `--mqtt-port=${mqttPort}`,
        `--edges=${options.edges ?? 1}`,
      ],
      {
        cwd: projectDirectory,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...options.environment },
      },
    );
    const keepsData = options.dataDirectory !== undefined;
    const gatehouse = new RunningGatehouse(child, { dataDirectory, httpPort, mqttPort }, keepsData);
    await gatehouse.#ready(options.onLine);
    return gatehouse;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it wrote last, for a test that fails. */
  get log(): string {
    return this.#lines.join('\n');
  }

  device(): Promise<DemoDevice> {
    return this.#json(join('demo', 'device.json'), demoDevice);
  }

  runFile(): Promise<RunFile> {
    return this.#json('run.json', runFile);
  }

  get caFile(): string {
    return join(this.dataDirectory, 'demo', 'ca.pem');
  }

  /** Calls the HTTP API with the demo key; every answer is JSON. */
  async api(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    const key = (await readFile(join(this.dataDirectory, 'demo', 'api-key'), 'utf8')).trim();
    const response = await fetch(`http://127.0.0.1:${this.httpPort}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : answerBody.parse(JSON.parse(text)) };
  }

  /** The processes of a service, as they are now. */
  async pidsOf(service: string): Promise<number[]> {
    const { processes } = await this.runFile();
    return processes
      .filter(({ name }) => name === service || name.startsWith(`${service}-`))
      .map(({ pid }) => pid);
  }

  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'close');
      this.#child.kill(signal);
      await ended;
    }
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    if (!this.keepsData) await rm(this.dataDirectory, { recursive: true, force: true });
  }

  async #ready(listener: (line: string) => void = () => undefined): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`Gatehouse ${why}:\n${this.log}`));
      const timer = setTimeout(() => fail(`was not ready within ${READY_TIMEOUT_MS} ms`), READY_TIMEOUT_MS);
      const onLine = (line: string): void => {
        listener(line);
        this.#lines.push(line);
        if (this.#lines.length > KEPT_LINES) this.#lines.shift();
        if (line.startsWith('Gatehouse is ready')) {
          clearTimeout(timer);
          resolve();
        }
      };
      for (const stream of [this.#child.stdout, this.#child.stderr]) {
        if (stream !== null) createInterface({ input: stream }).on('line', onLine);
      }
      this.#child.once('close', (code) => {
        clearTimeout(timer);
        fail(`ended with code ${code}`);
      });
    });
  }

  async #json<T>(file: string, schema: z.ZodType<T>): Promise<T> {
    return schema.parse(JSON.parse(await readFile(join(this.dataDirectory, file), 'utf8')));
  }
}
