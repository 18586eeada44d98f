export { ThreadPool, type ThreadOutcome, type ThreadPoolLimits } from './thread-pool.ts';
export { serveThread } from './serve-thread.ts';
