/**
 * Devices in one process of its own that all connect at once, as after a power cut: TLS 1.3, CONNECT, and
 * when the gateway is busy or closes the connection, again after a random pause that grows.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { connackCode, connectPacket, DISCONNECT } from '../connect-packet.ts';
import type { ImportedDevice } from '../imported-devices.ts';
import { answerParent } from '../program-process.ts';
import type { CountsByReason } from './counts-by-reason.ts';
import { KEY_EXCHANGE } from './key-exchange.ts';

export interface StormOptions {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  readonly devices: readonly ImportedDevice[];
}

/** Times in milliseconds. */
export interface StormProgress {
  readonly admitted: number;
  /** From the start to the last device's CONNACK. */
  readonly lastMs: number;
  /** From a device's first try to its CONNACK, pauses included. */
  readonly admissionMs: readonly number[];
  /** From the write of the CONNECT that was let in to its CONNACK. */
  readonly connectMs: readonly number[];
  /** From any try's first packet to whatever ended it. */
  readonly longestTryMs: number;
  /** From any CONNECT to its answer, whatever it was. */
  readonly longestAnswerMs: number;
  readonly tries: number;
  /** Tries that came to nothing, by CONNACK code or by how the connection ended. */
  readonly refusals: CountsByReason;
}

const FIRST_PAUSE_MS = [500, 2_000] as const;
const LONGEST_PAUSE_MS = 60_000;
/** A device that hears nothing for so long gives up; the edge has to answer earlier. */
const PATIENCE_MS = 30_000;

type Outcome = { readonly socket: TLSSocket; readonly connectMs: number } | { readonly refusal: string };

const sockets: TLSSocket[] = [];
const admissionMs: number[] = [];
const connectMs: number[] = [];
const refusals: Record<string, number> = {};
let startedAt = 0;
let lastMs = 0;
let longestTryMs = 0;
let longestAnswerMs = 0;
let tries = 0;
const over = new AbortController();

async function reconnect(
  device: ImportedDevice,
  options: StormOptions,
  secureContext: SecureContext,
): Promise<void> {
  const triedFirstAt = performance.now();
  let [least, most] = FIRST_PAUSE_MS as readonly [number, number];
  while (!over.signal.aborted) {
    const outcome = await tryOnce(device, options, secureContext);
    if ('socket' in outcome) {
      sockets.push(outcome.socket);
      connectMs.push(outcome.connectMs);
      admissionMs.push(performance.now() - triedFirstAt);
      lastMs = performance.now() - startedAt;
      return;
    }
    refusals[outcome.refusal] = (refusals[outcome.refusal] ?? 0) + 1;
    await delay(least + Math.random() * (most - least));
    [least, most] = [Math.min(LONGEST_PAUSE_MS / 4, least * 2), Math.min(LONGEST_PAUSE_MS, most * 2)];
  }
}

function tryOnce(
  device: ImportedDevice,
  { host, port }: StormOptions,
  secureContext: SecureContext,
): Promise<Outcome> {
  tries += 1;
  const triedAt = performance.now();
  return new Promise((resolve) => {
    const socket = connectTls({ host, port, secureContext, minVersion: 'TLSv1.3' });
    let writtenAt: number | undefined;
    let failure = '';
    const settle = (outcome: Outcome): void => {
      const now = performance.now();
      longestTryMs = Math.max(longestTryMs, now - triedAt);
      if (writtenAt !== undefined) longestAnswerMs = Math.max(longestAnswerMs, now - writtenAt);
      socket.removeAllListeners('close').setTimeout(0);
      if (!('socket' in outcome)) socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(PATIENCE_MS, () => settle({ refusal: 'no answer' }));
    socket.once('secureConnect', () => {
      socket.setNoDelay(true);
      writtenAt = performance.now();
      socket.write(connectPacket(device, 5, 300));
    });
    socket.once('data', (answer: Buffer) => {
      const code = connackCode(answer) ?? 0xff;
      if (code === 0) settle({ socket, connectMs: performance.now() - (writtenAt ?? triedAt) });
      else settle({ refusal: `0x${code.toString(16)}` });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      failure = error.code ?? error.message;
    });
    socket.once('close', () =>
      settle({ refusal: `${writtenAt === undefined ? 'TLS' : 'closed'} ${failure}`.trim() }),
    );
  });
}

const program = {
  storm(options: StormOptions): void {
    // One for all: making one takes as long as a handshake.
    const secureContext = createSecureContext({ ca: options.ca, ecdhCurve: KEY_EXCHANGE });
    startedAt = performance.now();
    for (const device of options.devices) void reconnect(device, options, secureContext);
  },

  /** How many are in. */
  admitted(): number {
    return admissionMs.length;
  },

  progress(): StormProgress {
    return {
      admitted: admissionMs.length,
      lastMs,
      admissionMs: admissionMs.map(Math.round),
      connectMs: connectMs.map((each) => Math.round(each * 10) / 10),
      longestTryMs,
      longestAnswerMs,
      tries,
      refusals,
    };
  },

  /** Disconnects all. */
  end(): void {
    over.abort();
    for (const socket of sockets) socket.end(DISCONNECT);
  },
};
export type StormDevices = typeof program;
answerParent(program);
