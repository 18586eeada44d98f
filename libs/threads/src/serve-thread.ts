import { parentPort, type Transferable } from 'node:worker_threads';

/**
 * Answers the orders of a ThreadPool, one after the other; called once by the file of the thread. What `work`
 * throws ends the thread.
 *
 * @param transferred of a result: what is handed over instead of copied
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what comes is what the pool sends
export function serveThread<Order, Result>(
  work: (order: Order) => Result,
  transferred: (result: Result) => Transferable[] = () => [],
): void {
  parentPort?.on('message', (order: Order) => {
    const result = work(order);
    parentPort?.postMessage(result, transferred(result));
  });
}
