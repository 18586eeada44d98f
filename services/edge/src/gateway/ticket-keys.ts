import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { GatewayListener } from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import type { KV } from '@nats-io/kv';
import { z } from 'zod';

/** The one entry of the bucket. */
const CURRENT = 'current';
const SECRET_BYTES = 32;
/** What Node takes: name, HMAC key and AES key of 16 bytes each. */
const NODE_KEY_BYTES = 48;
const CHECK_MS = 10_000;
const FIRST_RETRY_MS = 200;

const ticketSecret = z.strictObject({ secret: z.base64(), createdAt: z.iso.datetime() });
type TicketSecret = z.infer<typeof ticketSecret>;

/**
 * The secret that all edges derive the keys of TLS session tickets from, so that a device resumes on any of
 * them. Whoever comes first makes it, and makes the next when it is old enough; compare-and-set lets one win.
 * Tickets of the former secret are worth nothing then: those devices do a full handshake, nothing more.
 */
export class TicketKeys {
  #secret: Buffer | undefined;
  #value = '';
  #onChange: () => void = () => undefined;
  readonly #stopping = new AbortController();

  constructor(
    private readonly bucket: KV,
    private readonly rotationMs: number,
    private readonly logger: Logger,
  ) {}

  /** @param listener called when {@link keyOf} gives other keys than before */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  /** Resolves when the secret is known, or was asked for in vain: then it is asked for again and again. */
  async start(): Promise<void> {
    void this.#follow(await this.#ask(FIRST_RETRY_MS));
  }

  stop(): void {
    this.#stopping.abort();
  }

  /**
   * The key of a gateway's tickets; undefined until the secret is known: then this edge uses one of its own.
   * A gateway that changes whom it admits has another one, so that nobody comes in by an old ticket.
   */
  keyOf(gateway: GatewayListener): Buffer | undefined {
    return this.#secret === undefined ? undefined : ticketKey(this.#secret, gateway);
  }

  /** Tickets of other edges, and older ones of this, are worth nothing under it. */
  oneOfOurOwn(): Buffer {
    return randomBytes(NODE_KEY_BYTES);
  }

  async #follow(firstWaitMs: number): Promise<void> {
    let wait = firstWaitMs;
    for (;;) {
      await delay(wait, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      wait = await this.#ask(wait);
    }
  }

  /** @returns in how many milliseconds to ask again */
  async #ask(waitedMs: number): Promise<number> {
    try {
      const dueAt = await this.refresh(Date.now());
      return Math.min(CHECK_MS, Math.max(FIRST_RETRY_MS, dueAt - Date.now()));
    } catch (error) {
      this.logger.warn({ err: error }, 'the key of TLS session tickets could not be read');
      return Math.min(CHECK_MS, waitedMs * 2);
    }
  }

  /**
   * Takes over what the bucket has, and replaces it when it is missing, unreadable or old.
   *
   * @returns when it will be old, in milliseconds since 1970
   */
  async refresh(nowMs: number): Promise<number> {
    const entry = await this.bucket.get(CURRENT);
    const found = entry?.operation === 'PUT' ? parsed(entry.string()) : undefined;
    const isFresh = found !== undefined && nowMs - Date.parse(found.createdAt) < this.rotationMs;
    if (isFresh) return this.#take(found);
    const made: TicketSecret = {
      secret: randomBytes(SECRET_BYTES).toString('base64'),
      createdAt: new Date(nowMs).toISOString(),
    };
    try {
      await this.bucket.put(CURRENT, JSON.stringify(made), { previousSeq: entry?.revision ?? 0 });
      return this.#take(made);
    } catch (error) {
      // Another edge was first, or NATS is away; the bucket tells which.
      const winner = await this.bucket.get(CURRENT);
      const theirs = winner?.operation === 'PUT' ? parsed(winner.string()) : undefined;
      if (theirs === undefined) throw error;
      return this.#take(theirs);
    }
  }

  #take({ secret, createdAt }: TicketSecret): number {
    if (secret !== this.#value) {
      this.#value = secret;
      this.#secret = Buffer.from(secret, 'base64');
      this.#onChange();
    }
    return Date.parse(createdAt) + this.rotationMs;
  }
}

function parsed(json: string): TicketSecret | undefined {
  try {
    const { success, data } = ticketSecret.safeParse(JSON.parse(json));
    return success && Buffer.from(data.secret, 'base64').length === SECRET_BYTES ? data : undefined;
  } catch {
    return undefined;
  }
}

/** HKDF (RFC 5869) of the shared secret: a key for each gateway and for each time that it changes whom it admits. */
export function ticketKey(
  secret: Uint8Array,
  gateway: Pick<GatewayListener, 'gatewayId' | 'admissionVersion' | 'deviceRootCertificate'>,
): Buffer {
  const info = `gatehouse tls ticket ${sessionIdContext(gateway)}`;
  return Buffer.from(hkdfSync('sha256', secret, '', info, NODE_KEY_BYTES));
}

/** What a resumed session must have been made for (RFC 5246 §7.3): 32 characters, as long as OpenSSL allows. */
export function sessionIdContext(
  gateway: Pick<GatewayListener, 'gatewayId' | 'admissionVersion' | 'deviceRootCertificate'>,
): string {
  const { gatewayId, admissionVersion, deviceRootCertificate } = gateway;
  return createHash('sha256')
    .update(JSON.stringify([gatewayId, admissionVersion, deviceRootCertificate]))
    .digest('hex')
    .slice(0, 32);
}
