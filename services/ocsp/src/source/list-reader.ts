import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { reasonOf } from '@gatehouse/observability';
import type { AnswerTimes } from '../lifetime/answer-lifetime.ts';

/** A CRL that holds, as far as it is kept. */
export interface LoadedList extends AnswerTimes {
  /** As packRevoked() makes it. */
  readonly revoked: Uint8Array<ArrayBuffer>;
}

export interface ListOrder {
  /** Of the CRL. */
  readonly der: Uint8Array;
  /** Whoever the list is needed for. */
  readonly certificatePem: string;
  readonly issuerPem: string;
  readonly clockSkewMs: number;
}

export type ListReading =
  | { readonly outcome: 'read'; readonly list: LoadedList }
  | { readonly outcome: 'unusable'; readonly reason: string };

/** Several times what the largest CRL takes on a machine with nothing else to do. */
const TIMEOUT_MS = 60_000;
const MAX_HEAP_MIB = 1_024;

/**
 * Reads and verifies CRLs on a thread of their own, one after the other: one of 4 MB takes seconds, and nothing
 * that it holds can take more than that thread's memory. A thread that fails is replaced.
 */
export class ListReader {
  #last: Promise<unknown> = Promise.resolve();
  #worker: Worker | undefined;

  async onModuleDestroy(): Promise<void> {
    await this.#worker?.terminate();
  }

  /** Never rejects. */
  read(order: ListOrder): Promise<ListReading> {
    const reading = this.#last.then(() => this.#readNow(order));
    this.#last = reading;
    return reading;
  }

  async #readNow(order: ListOrder): Promise<ListReading> {
    const worker = (this.#worker ??= startWorker());
    const { promise, resolve } = Promise.withResolvers<ListReading>();
    const giveUp = (reason: string): void => {
      if (this.#worker === worker) this.#worker = undefined;
      resolve({ outcome: 'unusable', reason: `the CRL could not be read: ${reason}` });
    };
    const failed = (error: unknown): void => giveUp(reasonOf(error));
    const ended = (code: number): void => giveUp(`its thread ended with code ${code}`);
    const timer = setTimeout(giveUp, TIMEOUT_MS, `it took more than ${TIMEOUT_MS / 1_000} s`);
    worker.once('message', resolve).once('error', failed).once('exit', ended);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(order);
    const reading = await promise;
    clearTimeout(timer);
    worker.off('message', resolve).off('error', failed).off('exit', ended);
    if (this.#worker !== worker) await stopWorker(worker);
    return reading;
  }
}

function startWorker(): Worker {
  const file = new URL(`./list-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(file, {
    // Neither telemetry nor the conditions of a test runner: it reads bytes and knows nobody.
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  });
  worker.unref();
  return worker;
}

/** It may end with an error that nobody waits for any more. */
async function stopWorker(worker: Worker): Promise<void> {
  worker.on('error', () => undefined);
  await worker.terminate();
}
