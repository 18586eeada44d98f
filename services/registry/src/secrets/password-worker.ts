import { randomFillSync, scryptSync } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerOrder } from './password-hasher.ts';

// Of one import, on a thread of its own: a hash at a time on the thread pool costs the main thread as much.
const { passwords, settings, saltBytes, hashBytes, pieceSize } = workerData as WorkerOrder;

for (let start = 0; start < passwords.length; start += pieceSize) {
  const piece = passwords.slice(start, start + pieceSize).map((password) => {
    const salt = randomFillSync(Buffer.alloc(saltBytes));
    const hash = scryptSync(password, salt, hashBytes, settings);
    return { salt: salt.toString('base64'), hash: hash.toString('base64') };
  });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(piece);
}
