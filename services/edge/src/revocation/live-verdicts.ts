import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '@gatehouse/observability';
import type { GatewaySettings, LiveGatewaySettings } from '../admission/gateway-settings.ts';
import type { Session } from '../session/session.ts';
import type { CertificateVerdict, CertificateVerdicts } from './certificate-verdicts.ts';
import type { ClientChain } from './client-chain.ts';
import { DueWheel } from './due-wheel.ts';
import { CertificateRevoked, CertificateStatusUnknown } from './revocation.failures.ts';
import { checksClients } from './revocation-mode.ts';

export interface LiveVerdictsParts {
  readonly verdicts: CertificateVerdicts;
  readonly settings: LiveGatewaySettings;
  readonly logger: Logger;
}

interface Watched {
  readonly session: Session;
  readonly chain: ClientChain;
}

const TICK_MS = 250;
/** Questions under way at one time. */
const CONCURRENCY = 32;
const TIMEOUT_MS = 6_000;
/** Verdicts that end together are asked for again over this part of their life, and no longer than that. */
const SPREAD_SHARE = 0.05;
const MAX_SPREAD_MS = 5_000;
/** Over which all sessions of a gateway are asked about that begins to check certificates. */
const CHANGE_SPREAD_MS = 2_000;

/** Asks again about the certificates of live sessions when their verdicts end, and ends those that were revoked. */
export class LiveVerdicts {
  readonly #watched = new Map<Session, Watched>();
  readonly #wheel = new DueWheel<Watched>(TICK_MS);
  /** Whose turn has not come; each session is in it at most once. */
  #waiting: Watched[] = [];
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: LiveVerdictsParts) {
    parts.settings.onChange((settings, former) => this.#changed(settings, former));
  }

  /** Sessions with a certificate. */
  get size(): number {
    return this.#watched.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** @param chain of the session's client, whose verdict has let it in if its gateway checks certificates */
  watch(session: Session, chain: ClientChain): void {
    const watched = { session, chain };
    this.#watched.set(session, watched);
    const settings = this.#settingsOf(watched);
    if (settings === undefined) return;
    const { gatewayId, revocation } = settings;
    const verdict = this.parts.verdicts.known({ gatewayId, scope: revocation.scope, chain });
    this.#schedule(watched, verdict?.validUntilMs ?? Date.now());
  }

  forget(session: Session): void {
    const watched = this.#watched.get(session);
    if (watched === undefined) return;
    this.#watched.delete(session);
    this.#wheel.delete(watched);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
  }

  /** Undefined when the gateway does not check the certificates of its clients. */
  #settingsOf({ session }: Watched): GatewaySettings | undefined {
    const settings = this.parts.settings.of(session.identity.gatewayId);
    return settings !== undefined && checksClients(settings.ocsp) ? settings : undefined;
  }

  /** Spread, so that devices that came together are not asked about together for ever. */
  #schedule(watched: Watched, validUntilMs: number): void {
    const spreadMs = Math.min(MAX_SPREAD_MS, Math.max(0, validUntilMs - Date.now()) * SPREAD_SHARE);
    this.#wheel.set(watched, validUntilMs + Math.random() * spreadMs);
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
  }

  #changed(settings: GatewaySettings, former: GatewaySettings | undefined): void {
    if (former === undefined || !checksClients(settings.ocsp)) return;
    if (checksClients(former.ocsp) && isDeepStrictEqual(settings.revocation, former.revocation)) return;
    const now = Date.now();
    for (const watched of this.#watched.values()) {
      if (watched.session.identity.gatewayId !== settings.gatewayId) continue;
      this.#wheel.set(watched, now + Math.random() * CHANGE_SPREAD_MS);
    }
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
  }

  #tick(): void {
    this.#waiting.push(...this.#wheel.take(Date.now()));
    if (this.#wheel.size === 0 && this.#waiting.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    this.#askNext();
  }

  #askNext(): void {
    while (this.#underWay < CONCURRENCY) {
      const watched = this.#waiting.shift();
      if (watched === undefined) return;
      if (this.#watched.get(watched.session) !== watched) continue;
      this.#underWay += 1;
      void this.#ask(watched).finally(() => {
        this.#underWay -= 1;
        this.#askNext();
      });
    }
  }

  async #ask(watched: Watched): Promise<void> {
    const settings = this.#settingsOf(watched);
    if (settings === undefined) return;
    const { gatewayId, revocation } = settings;
    const question = { gatewayId, scope: revocation.scope, chain: watched.chain };
    const verdict = await this.parts.verdicts.of(question, TIMEOUT_MS);
    if (this.#watched.get(watched.session) !== watched) return;
    const failure = this.#failureOf(verdict, revocation.onUnknown);
    if (failure === undefined) {
      this.#schedule(watched, verdict.validUntilMs);
      return;
    }
    const { deviceName, number } = watched.session.identity;
    this.parts.logger.info(
      { gatewayId, deviceName, session: number, code: failure.code, detail: verdict.detail },
      'session ended: the certificate of the device does not count any more',
    );
    watched.session.connection.close(failure);
  }

  /** While ocsp itself is away nobody is disconnected: it is asked again soon. */
  #failureOf(
    { status, detail, isAnswered }: CertificateVerdict,
    onUnknown: 'allow' | 'refuse',
  ): CertificateRevoked | CertificateStatusUnknown | undefined {
    switch (status) {
      case 'good':
        return undefined;
      case 'revoked':
        return new CertificateRevoked(detail);
      case 'unknown':
        return onUnknown === 'refuse' && isAnswered ? new CertificateStatusUnknown(detail) : undefined;
    }
  }
}
