import { serveThread } from '@gatehouse/threads';
import { compiled } from './script-compiling.ts';

// Node says in every thread that stripping types is an experiment of its own.
process.removeAllListeners('warning');
serveThread(compiled);
