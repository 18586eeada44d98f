/**
 * One device in a process of its own that connects and disconnects again and again, and measures each time.
 * Driven over IPC: `start`; `take` answers with what was measured since the last one, in milliseconds.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { generate } from 'mqtt-packet';

export interface ProbeOptions {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  /** They take turns. */
  readonly devices: readonly {
    readonly username: string;
    readonly password: string;
    readonly clientId: string;
  }[];
  readonly pauseMs: number;
}

export type ProbeRequest =
  | { readonly type: 'start'; readonly options: ProbeOptions }
  | { readonly type: 'take' };

/** From the first packet to CONNACK. */
export interface ProbeAnswer {
  readonly milliseconds: readonly number[];
  readonly failures: Readonly<Record<string, number>>;
}

const TIMEOUT_MS = 30_000;
let milliseconds: number[] = [];
let failures: Record<string, number> = {};

async function probe(options: ProbeOptions): Promise<void> {
  const { host, port, ca, devices, pauseMs } = options;
  const secureContext = createSecureContext({ ca });
  for (let turn = 0; ; turn += 1) {
    const device = devices[turn % devices.length];
    if (device === undefined) return;
    const startedAt = performance.now();
    const socket = connectTls({ host, port, secureContext, minVersion: 'TLSv1.3' });
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      await once(socket, 'secureConnect', { signal });
      socket.setNoDelay(true);
      socket.write(
        generate({
          cmd: 'connect',
          protocolVersion: 5,
          clean: true,
          keepalive: 60,
          ...device,
          password: Buffer.from(device.password),
        }),
      );
      const [answer] = (await once(socket, 'data', { signal })) as [Buffer];
      if (answer[0] !== 0x20 || answer[3] !== 0)
        throw new Error(`CONNACK 0x${(answer[3] ?? 0).toString(16)}`);
      milliseconds.push(performance.now() - startedAt);
      socket.end(Buffer.from([0xe0, 0]));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      failures[reason] = (failures[reason] ?? 0) + 1;
      socket.destroy();
    }
    socket.on('error', () => undefined);
    await delay(pauseMs);
  }
}

process.on('message', (request: ProbeRequest) => {
  if (request.type === 'start') {
    void probe(request.options);
    return;
  }
  process.send?.({ milliseconds, failures } satisfies ProbeAnswer);
  milliseconds = [];
  failures = {};
});
process.on('disconnect', () => process.exit(0));
