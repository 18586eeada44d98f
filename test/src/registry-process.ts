import { join } from 'node:path';
import { freePort, ManagedProcess, projectDirectory } from '@gatehouse/local-servers';
import { eventually } from '@gatehouse/testing';
import { z } from 'zod';

export const REGISTRY_TEST_KEY = 'key-of-the-registries-under-test';

const body = z.record(z.string(), z.unknown());

export interface RegistryAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One instance of the registry as a process, for tests that run several and kill them. */
export class RegistryProcess implements AsyncDisposable {
  /** When it began to do the work that only one instance may do; undefined before. */
  ownsWorkSince: number | undefined;

  private constructor(
    private readonly url: string,
    private readonly managed: ManagedProcess,
  ) {}

  static async start(databaseUrl: string, natsUrl: string): Promise<RegistryProcess> {
    const port = await freePort();
    const found: { instance?: RegistryProcess } = {};
    const managed = await ManagedProcess.start({
      command: process.execPath,
      arguments: [join(projectDirectory, 'services/registry/dist/main.js')],
      stopSignal: 'SIGTERM',
      spawn: {
        cwd: projectDirectory,
        env: {
          PATH: process.env['PATH'],
          DATABASE_URL: databaseUrl,
          NATS_URL: natsUrl,
          HTTP_PORT: String(port),
          GATEHOUSE_MASTER_KEY: '07'.repeat(32),
          GATEHOUSE_BOOTSTRAP_API_KEY: REGISTRY_TEST_KEY,
          STREAM_MAX_BYTES: String(64 * 1024 * 1024),
        },
      },
      onLine: (line) => {
        if (found.instance !== undefined && line.includes('does the work that only one may do')) {
          found.instance.ownsWorkSince = performance.now();
        }
      },
    });
    const instance = new RegistryProcess(`http://127.0.0.1:${port}`, managed);
    found.instance = instance;
    return instance;
  }

  /** @throws what it wrote last, when it does not become ready */
  async ready(): Promise<void> {
    await eventually(async () => {
      const response = await fetch(`${this.url}/readyz`);
      if (!response.ok) throw new Error(`${await response.text()}\n${this.managed.lastLines.join('\n')}`);
    }, 60_000);
  }

  /** The path is below /api/v1; rejects when the process dies before it answers. */
  async call(
    methodAndPath: string,
    { json, idempotencyKey }: { readonly json?: unknown; readonly idempotencyKey?: string } = {},
  ): Promise<RegistryAnswer> {
    const [method = 'GET', path = '/'] = methodAndPath.split(' ');
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${REGISTRY_TEST_KEY}`,
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : body.parse(JSON.parse(text)) };
  }

  /** kill -9; resolves when it is gone. */
  async kill(): Promise<void> {
    process.kill(this.managed.pid, 'SIGKILL');
    await this.managed.ended();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.managed.stop();
  }
}
