import { IsolateTrials } from '../script/isolate-trial.ts';
import { runTrial } from './trial-run.ts';
import type { TrialOrder, TrialReport } from './trial-order.ts';

/**
 * A process that runs scripts which are not in force: it knows nothing, no address and no secret, and when a
 * script cannot be ended it is killed, while the parser that started it goes on with what is live.
 */
// Everything is loaded. The permission model is always on here, and more may have been inherited.
for (const scope of ['fs', 'net', 'child', 'worker', 'inspector', 'wasi']) process.permission.drop(scope);

process.on('message', (order: TrialOrder) => void carryOut(order));
// An ordinary exit would wait for a thread that a script holds.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

async function carryOut(order: TrialOrder): Promise<void> {
  let isLost = false;
  const trials = new IsolateTrials(order.limits, {
    // Nobody reads the metrics of a process that lives for a trial, and to count them takes long to load.
    scriptCpuSeconds: { add: () => undefined },
    onIsolateLost: () => {
      isLost = true;
    },
  });
  const isDone = await runTrial(trials, order, (message) => {
    report({ kind: 'tried', message });
    return !isLost;
  });
  report({ kind: 'ended', ending: isDone && !isLost ? 'done' : 'given up' });
}

function report(said: TrialReport): void {
  process.send?.(said);
}
