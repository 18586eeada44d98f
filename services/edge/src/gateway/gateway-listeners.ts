import { setTimeout as delay } from 'node:timers/promises';
import type { EdgeEntry, GatewayListener } from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import type { LiveGatewaySettings } from '../admission/gateway-settings.ts';
import type { NatsLink } from '../routing/nats-link.ts';
import type { ServerStaples } from '../revocation/server-staples.ts';
import { GatewayPort, type GatewayPortParts } from './gateway-port.ts';
import { LiveGateway, type LiveGatewayParts } from './live-gateway.ts';
import type { GatewayChange, RegistryGateways } from './registry-gateways.ts';

type ListenerStatus = EdgeEntry['listeners'][number];

interface Listener {
  gateway: GatewayListener;
  /** While it is served, and on which port. */
  live: { readonly gateway: LiveGateway; readonly port: GatewayPort } | undefined;
  failure: Error | undefined;
  retryAt: number;
  retryMs: number;
}

export interface ListenersParts {
  readonly registry: RegistryGateways;
  readonly link: NatsLink;
  readonly logger: Logger;
  readonly live: LiveGatewayParts;
  readonly port: GatewayPortParts;
  readonly staples: ServerStaples;
  readonly settings: LiveGatewaySettings;
  /** A gateway was deleted: its sessions end. */
  readonly onDeleted: (gatewayId: string) => void;
}

const RELIST_MS = 30_000;
/** After the registry did not answer: what it was asked for may have been a change. */
const FIRST_LIST_RETRY_MS = 100;
const LAST_LIST_RETRY_MS = 2_000;
const RETRY_EVERY_MS = 100;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10_000;
/** How often the registry is asked for a change that it has published but does not show yet. */
const CHANGE_ATTEMPTS = 20;
const CHANGE_RETRY_MS = 50;

/** Keeps a TLS listener for each gateway of the registry: opens, re-keys and closes them as they change. */
export class GatewayListeners {
  readonly #listeners = new Map<string, Listener>();
  /** By number; several gateways may share one. */
  readonly #ports = new Map<number, GatewayPort>();
  /** One change after the other, so that two never meet on one gateway. */
  #work: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();
  #stopWatching: (() => void) | undefined;
  #isListed = false;
  #listAt = Number.POSITIVE_INFINITY;
  #listRetryMs = FIRST_LIST_RETRY_MS;
  #onChange: () => void = () => undefined;

  constructor(private readonly parts: ListenersParts) {}

  /** For `/readyz`: an edge that does not know its gateways serves nobody. */
  check(): Promise<void> {
    return this.#isListed
      ? Promise.resolve()
      : Promise.reject(new Error('the registry has not answered yet'));
  }

  /** @param listener called when something in {@link statuses} is new */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  start(): void {
    this.#stopWatching = this.parts.registry.watch((change) => this.#enqueue(() => this.#follow(change)));
    this.parts.link.onUp(() => this.#enqueue(() => this.#list()));
    void this.#listAgainAndAgain();
    void this.#retryWhatFailed();
  }

  /** What is served, which may be a version behind; nothing of gateways that nobody can connect to yet. */
  statuses(): ListenerStatus[] {
    return [...this.#listeners.values()].flatMap(({ gateway, live, failure }): ListenerStatus[] => {
      const { gatewayId, version } = gateway;
      if (failure !== undefined) return [{ gatewayId, version, status: 'failed', reason: failure.message }];
      if (live === undefined) return [];
      return [{ gatewayId, version: live.gateway.version, status: 'listening' }];
    });
  }

  /** New tickets are sealed with the keys of now. */
  renewTicketKeys(): void {
    for (const { live } of this.#listeners.values()) live?.gateway.renewTicketKey();
  }

  /** Accepts no more; connections go on. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#stopWatching?.();
    await this.#work;
    for (const port of this.#ports.values()) port.close();
    for (const { live } of this.#listeners.values()) live?.gateway.close();
    this.parts.staples.stop();
    this.#ports.clear();
    this.#listeners.clear();
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  #enqueue(work: () => Promise<void>): void {
    this.#work = this.#after(this.#work, work);
  }

  async #after(before: Promise<void>, work: () => Promise<void>): Promise<void> {
    await before;
    if (this.#isStopping) return;
    try {
      await work();
    } catch (error) {
      this.parts.logger.debug({ err: error }, 'the registry could not be asked for gateways');
      this.#listSoon();
    }
  }

  async #listAgainAndAgain(): Promise<void> {
    while (!this.#isStopping) {
      this.#enqueue(() => this.#list());
      await this.#work;
      await this.#pause(RELIST_MS);
    }
  }

  #listSoon(): void {
    this.#listAt = performance.now() + this.#listRetryMs;
    this.#listRetryMs = Math.min(LAST_LIST_RETRY_MS, this.#listRetryMs * 2);
  }

  async #list(): Promise<void> {
    const gateways = await this.parts.registry.list();
    this.#isListed = true;
    this.#listRetryMs = FIRST_LIST_RETRY_MS;
    const listed = new Set<string>();
    // All at once: each may wait for its staples.
    await Promise.all(
      gateways.filter((each) => this.#isNews(each)).map((each) => this.parts.staples.prepare(each)),
    );
    for (const gateway of gateways) {
      listed.add(gateway.gatewayId);
      await this.#apply(gateway);
    }
    for (const gatewayId of this.#listeners.keys()) {
      // It may have been created after the first page was read: only the registry's word deletes it.
      if (!listed.has(gatewayId) && (await this.parts.registry.get(gatewayId)) === undefined) {
        this.#remove(gatewayId);
      }
    }
  }

  /** A change was published; what the registry shows may be a moment behind it. */
  async #follow({ gatewayId, version, isDeleted }: GatewayChange): Promise<void> {
    if ((this.#listeners.get(gatewayId)?.gateway.version ?? 0) >= version) return;
    for (let attempt = 1; attempt <= CHANGE_ATTEMPTS && !this.#isStopping; attempt += 1) {
      const gateway = await this.parts.registry.get(gatewayId);
      if (gateway === undefined && isDeleted) {
        this.#remove(gatewayId);
        return;
      }
      if (gateway !== undefined && gateway.version >= version) {
        await this.#apply(gateway);
        return;
      }
      await this.#pause(CHANGE_RETRY_MS);
    }
    this.#listSoon();
  }

  #isNews({ gatewayId, version }: GatewayListener): boolean {
    return (this.#listeners.get(gatewayId)?.gateway.version ?? 0) < version;
  }

  async #apply(gateway: GatewayListener): Promise<void> {
    const { gatewayId } = gateway;
    if (!this.#isNews(gateway)) return;
    const listener: Listener = this.#listeners.get(gatewayId) ?? {
      gateway,
      live: undefined,
      failure: undefined,
      retryAt: 0,
      retryMs: FIRST_RETRY_MS,
    };
    listener.gateway = gateway;
    this.#listeners.set(gatewayId, listener);
    // Whether it can be listened for or not: what it permits holds for the sessions that are open.
    this.parts.settings.put(gateway);
    await this.#bringUp(listener);
    this.#onChange();
  }

  /** Opens the listener, or gives the open one its new certificate. */
  async #bringUp(listener: Listener): Promise<void> {
    const { gateway } = listener;
    const { gatewayId, port } = gateway;
    try {
      await this.parts.staples.prepare(gateway);
      await this.#serve(listener);
      this.parts.staples.keep(gateway);
      listener.failure = undefined;
      listener.retryMs = FIRST_RETRY_MS;
      this.parts.logger.info({ gatewayId, port, version: gateway.version }, 'gateway listening');
    } catch (error) {
      const before = listener.failure?.message;
      listener.failure = error instanceof Error ? error : new Error(String(error));
      listener.retryAt = performance.now() + listener.retryMs;
      listener.retryMs = Math.min(LAST_RETRY_MS, listener.retryMs * 2);
      // It is tried again and again; only another reason is news.
      this.parts.logger[listener.failure.message === before ? 'debug' : 'error'](
        { gatewayId, port, reason: listener.failure.message },
        'gateway cannot be listened for; it is tried again',
      );
    }
  }

  /** @throws {CertificateUnusable | PortUnavailable} and what was served before on the same port stays */
  async #serve(listener: Listener): Promise<void> {
    const { gateway, live } = listener;
    if (live !== undefined && live.port.port === gateway.port) {
      live.port.check(gateway);
      live.gateway.rekey(gateway);
      return;
    }
    const moved = new LiveGateway(gateway, this.parts.live);
    this.#leave(listener);
    const known = this.#ports.get(gateway.port);
    known?.add(moved);
    const port = known ?? (await GatewayPort.open(moved, this.parts.port));
    this.#ports.set(gateway.port, port);
    listener.live = { gateway: moved, port };
  }

  /** The last gateway of a port closes it. Connections go on. */
  #leave(listener: Listener): void {
    const { live } = listener;
    listener.live = undefined;
    if (live === undefined) return;
    live.gateway.close();
    live.port.remove(live.gateway.gatewayId);
    if (!live.port.isUnused) return;
    live.port.close();
    this.#ports.delete(live.port.port);
  }

  async #retryWhatFailed(): Promise<void> {
    while (!this.#isStopping) {
      await this.#pause(RETRY_EVERY_MS);
      const now = performance.now();
      if (this.#listAt <= now) {
        this.#listAt = Number.POSITIVE_INFINITY;
        this.#enqueue(() => this.#list());
      }
      for (const listener of this.#listeners.values()) {
        if (listener.failure === undefined || listener.retryAt > now) continue;
        listener.retryAt = Number.POSITIVE_INFINITY;
        this.#enqueue(async () => {
          if (listener.failure === undefined) return;
          await this.#bringUp(listener);
          this.#onChange();
        });
      }
    }
  }

  #remove(gatewayId: string): void {
    const listener = this.#listeners.get(gatewayId);
    if (listener === undefined) return;
    this.#leave(listener);
    this.parts.staples.remove(gatewayId);
    this.#listeners.delete(gatewayId);
    this.parts.settings.remove(gatewayId);
    this.parts.logger.info({ gatewayId }, 'gateway deleted');
    this.parts.onDeleted(gatewayId);
    this.#onChange();
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
