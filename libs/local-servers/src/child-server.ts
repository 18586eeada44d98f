import { ServerDidNotStart } from './local-servers.failures.ts';
import { ManagedProcess, type ManagedProcessOptions } from './managed-process.ts';

export interface ChildServerOptions extends ManagedProcessOptions {
  readonly name: string;
  /** Whether this line of its output says that it is ready. */
  readonly isReadyLine: (line: string) => boolean;
  readonly readyTimeoutMs: number;
}

/**
 * Starts a server and waits for the line that says that it is ready.
 *
 * @throws {ServerDidNotStart} with the last lines that it wrote
 */
export async function startChildServer(options: ChildServerOptions): Promise<ManagedProcess> {
  const ready = Promise.withResolvers<'ready'>();
  const late = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => late.resolve('late'), options.readyTimeoutMs);
  try {
    const server = await ManagedProcess.start({
      ...options,
      onLine: (line) => {
        options.onLine?.(line);
        if (options.isReadyLine(line)) ready.resolve('ready');
      },
    });
    const outcome = await Promise.race([ready.promise, late.promise, server.ended()]);
    if (outcome === 'ready') return server;
    await server.stop();
    const reason =
      outcome === 'late' ? `not ready within ${options.readyTimeoutMs} ms` : `it ended with ${outcome}`;
    throw new ServerDidNotStart(options.name, [reason, ...server.lastLines].join('\n  '));
  } catch (error) {
    if (error instanceof ServerDidNotStart) throw error;
    throw new ServerDidNotStart(options.name, error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
  }
}
