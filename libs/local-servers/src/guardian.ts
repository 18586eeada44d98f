import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

/**
 * A POSIX shell that is told about our children and outlives us. When its input ends, because this process
 * ended in whatever way, it ends the children that are still listed: the newest first, each with its own
 * signal and, 5 seconds later, with SIGKILL. It has a session of its own, so a Ctrl-C does not reach it.
 */
const SCRIPT = `
trap '' HUP INT TERM
watched=''
runs() {
  kill -0 "$1" 2>/dev/null && ! grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null
}
while read -r verb pid signal; do
  case "$verb" in
    watch) watched="$pid:$signal $watched" ;;
    forget)
      kept=''
      for each in $watched; do
        [ "\${each%%:*}" = "$pid" ] || kept="$kept $each"
      done
      watched="$kept"
      ;;
  esac
done
for each in $watched; do
  pid="\${each%%:*}"
  kill -s "\${each#*:}" "$pid" 2>/dev/null || continue
  turns=0
  while runs "$pid"; do
    [ "$turns" -ge 50 ] && kill -s KILL "$pid" && break
    turns=$((turns + 1))
    sleep 0.1
  done
done
`;

let orders: Writable | undefined;

/**
 * Has this child ended when our process is gone, even by SIGKILL.
 *
 * @returns to be called when the child has ended: its process id may then belong to somebody else
 */
export function endWithUs(pid: number, signal: NodeJS.Signals): () => void {
  const guardian = (orders ??= startGuardian());
  guardian.write(`watch ${pid} ${signal.slice('SIG'.length)}\n`);
  return () => {
    guardian.write(`forget ${pid}\n`);
  };
}

function startGuardian(): Writable {
  const shell = spawn('/bin/sh', ['-c', SCRIPT], {
    cwd: '/',
    detached: true,
    env: { PATH: process.env['PATH'] },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  // Without a guardian all works as before, except that nobody cleans up after a SIGKILL.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref();
  return shell.stdin;
}
