import { Failure } from '@gatehouse/failure';
import { projectDirectory } from '@gatehouse/local-servers';
import { CombinedLog } from './log/combined-log.ts';
import { LogOutput } from './log/log-output.ts';
import { startGatehouse } from './start-gatehouse.ts';
import { readStartOptions, USAGE, type StartOptions } from './start-options.ts';

/** The longest that stopping may take; what is still there then is ended by the guardian. */
const STOP_TIMEOUT_MS = 40_000;
const SECRETS = ['DATABASE_URL', 'NATS_URL', 'GATEHOUSE_MASTER_KEY', 'GATEHOUSE_MASTER_KEY_PREVIOUS'];

const output = new LogOutput(process.stdout);
process.stderr.on('error', () => undefined);
process.exitCode = await run();
await output.flush();
process.exit();

async function run(): Promise<number> {
  try {
    const environment = { ...process.env };
    const options = readStartOptions(process.argv.slice(2), environment, projectDirectory);
    // From here on a child gets a secret only when it is given one.
    for (const name of SECRETS) delete process.env[name];
    if (options === 'help') output.write(USAGE);
    else await runUntilStopped(options, environment);
    return 0;
  } catch (error) {
    process.stderr.write(`Gatehouse cannot start: ${describe(error)}\n`);
    return 1;
  }
}

async function runUntilStopped(options: StartOptions, environment: NodeJS.ProcessEnv): Promise<void> {
  const log = new CombinedLog(output, options.logLevel);
  const stop = new AbortController();
  stopOnSignals(stop);
  const say = (line: string): void => output.write(line);
  try {
    say('Starting Gatehouse');
    const { running, message } = await startGatehouse({
      options,
      environment,
      log,
      say,
      signal: stop.signal,
    });
    say(`\n${message}\n`);
    await aborted(stop.signal);
    say('Stopping');
    await running.disposeAsync();
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
  say('Gatehouse has stopped');
}

function stopOnSignals(stop: AbortController): void {
  const onSignal = (): void => {
    if (stop.signal.aborted) return;
    stop.abort();
    setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  // The script of `npm start` is gone, in whatever way.
  process.on('disconnect', onSignal);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  // A signal alone keeps no process running.
  const alive = setInterval(() => undefined, 2 ** 30);
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
  });
  clearInterval(alive);
}

function describe(error: unknown): string {
  if (error instanceof Failure) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
