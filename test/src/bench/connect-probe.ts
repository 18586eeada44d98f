/**
 * One device in a process of its own that connects and disconnects again and again, and measures each time.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { connackCode, connectPacket, DISCONNECT } from '../connect-packet.ts';
import type { ImportedDevice } from '../imported-devices.ts';
import { answerParent } from '../program-process.ts';
import { KEY_EXCHANGE } from './key-exchange.ts';

export interface ProbeOptions {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  /** They take turns. */
  readonly devices: readonly ImportedDevice[];
  readonly pauseMs: number;
}

const TIMEOUT_MS = 30_000;
let milliseconds: number[] = [];
let failures: Record<string, number> = {};

async function probe(options: ProbeOptions): Promise<void> {
  const { host, port, ca, devices, pauseMs } = options;
  const secureContext = createSecureContext({ ca, ecdhCurve: KEY_EXCHANGE });
  for (let turn = 0; ; turn += 1) {
    const device = devices[turn % devices.length];
    if (device === undefined) return;
    const startedAt = performance.now();
    const socket = connectTls({ host, port, secureContext, minVersion: 'TLSv1.3' });
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      await once(socket, 'secureConnect', { signal });
      socket.setNoDelay(true);
      socket.write(connectPacket(device, 5, 60));
      const [answer] = (await once(socket, 'data', { signal })) as [Buffer];
      const code = connackCode(answer);
      if (code !== 0) throw new Error(`CONNACK 0x${code?.toString(16)}`);
      milliseconds.push(performance.now() - startedAt);
      socket.end(DISCONNECT);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      failures[reason] = (failures[reason] ?? 0) + 1;
      socket.destroy();
    }
    socket.on('error', () => undefined);
    await delay(pauseMs);
  }
}

const program = {
  start(options: ProbeOptions): void {
    void probe(options);
  },

  /** What was measured since the last time, from the first packet to CONNACK. */
  take() {
    const taken = { milliseconds, failures };
    milliseconds = [];
    failures = {};
    return taken;
  },
};
export type ConnectProbe = typeof program;
answerParent(program);
