import type { TrialOrder } from './trial-order.ts';
import { TrialProcesses } from './trial-processes.ts';

/** What the parser says to the host, and what it is answered; undefined: as many as may be at once are at work. */
export interface HostRequest {
  readonly id: number;
  readonly order: TrialOrder;
}
export interface HostReply {
  readonly id: number;
  readonly ended: Awaited<ReturnType<TrialProcesses['run']>>;
}

/**
 * The process that starts those of trials: the parser, which runs code of customers, gives its own right to start
 * processes away once this one is there.
 */
const [processes, timeoutMs] = process.argv.slice(2).map(Number);
const trials = new TrialProcesses({ processes: processes ?? 1, timeoutMs: timeoutMs ?? 1_000 });

process.on('message', ({ id, order }: HostRequest) => void answer(id, order));
process.on('disconnect', () => {
  trials.end();
  process.kill(process.pid, 'SIGKILL');
});

async function answer(id: number, order: TrialOrder): Promise<void> {
  const reply: HostReply = { id, ended: await trials.run(order) };
  process.send?.(reply);
}
