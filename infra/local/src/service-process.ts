import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ManagedProcess, projectDirectory } from '@gatehouse/local-servers';
import { ServiceDidNotStart } from './local.failures.ts';
import type { ServiceName } from './service-environment.ts';
import { nodeOptions } from './node-options.ts';
import { Supervised } from './supervised.ts';

export interface ServiceProcessOptions {
  readonly service: ServiceName;
  /** Tells the processes of one service apart: `edge-1`, `edge-2`. */
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Base of `/readyz`. */
  readonly url: string;
  /** Stands on the command line, so that `ps` and the next start see whose process it is. */
  readonly dataDirectory: string;
  readonly onLine: (line: string) => void;
  readonly onStarted: (pid: number) => void;
  readonly onDied: (how: string, retryInMs: number) => void;
}

const READY_TIMEOUT_MS = 60_000;
const ASK_EVERY_MS = 40;
const ASK_TIMEOUT_MS = 2_000;
/** Longer than a service takes to give up on its own stop. */
const STOP_TIMEOUT_MS = 12_000;

/**
 * Starts a service and waits until it says that it and what it depends on are ready.
 *
 * @throws {ServiceDidNotStart} with what it wrote last
 */
export async function startService(options: ServiceProcessOptions, signal: AbortSignal): Promise<Supervised> {
  const supervised = await Supervised.start({
    name: options.name,
    start: () => startProcess(options),
    onStarted: options.onStarted,
    onDied: options.onDied,
  });
  try {
    await ready(supervised.process, options, signal);
    return supervised;
  } catch (error) {
    await supervised.stop();
    throw error;
  }
}

interface ServiceProcess extends Pick<ManagedProcess, 'pid' | 'lastLines'> {
  ended(): Promise<string>;
  stop(): Promise<void>;
}

async function startProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const program = join(projectDirectory, 'services', options.service, 'dist', 'main.js');
  const managed = await ManagedProcess.start({
    command: process.execPath,
    arguments: [
      ...nodeOptions(options.service),
      program,
      `--name=${options.name}`,
      `--data-dir=${options.dataDirectory}`,
    ],
    spawn: { cwd: projectDirectory, env: options.environment },
    stopSignal: 'SIGTERM',
    onLine: options.onLine,
  });
  return {
    pid: managed.pid,
    lastLines: managed.lastLines,
    ended: () => managed.ended(),
    stop: () => managed.stop(STOP_TIMEOUT_MS),
  };
}

async function ready(
  started: ServiceProcess,
  { name, url }: ServiceProcessOptions,
  signal: AbortSignal,
): Promise<void> {
  const failed = (reason: string): ServiceDidNotStart =>
    new ServiceDidNotStart(name, [reason, ...started.lastLines].join('\n  '));
  let how: string | undefined;
  void (async () => {
    how = await started.ended();
  })();
  const deadline = performance.now() + READY_TIMEOUT_MS;
  let answer = 'no answer';
  while (performance.now() < deadline) {
    if (how !== undefined) throw failed(`it ended with ${how}`);
    signal.throwIfAborted();
    answer = await readiness(url);
    if (answer === 'ready') return;
    await sleep(ASK_EVERY_MS, undefined, { signal });
  }
  throw failed(`it was not ready within ${READY_TIMEOUT_MS / 1_000} s: ${answer}`);
}

async function readiness(url: string): Promise<string> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    const text = await response.text();
    return response.ok ? 'ready' : text;
  } catch {
    return 'no answer';
  }
}
