import { labelledGauge, type Logger } from '@gatehouse/observability';
import type { BackgroundWork } from '../background/background-work.ts';
import { pauseUnlessAborted } from '../background/back-off.ts';
import type { RegistryDb } from '../schema/registry-database.ts';
import type { CertificateCommands } from './certificate-commands.ts';
import { expiryStage, isNoticed, type ExpiringChain } from './certificate-expiry.ts';
import type { Clock } from './gateway-commands.ts';
import { GatewayNotFound } from './gateway.failures.ts';
import { chainsOfRow } from './gateway-row.ts';

const CHECK_EVERY_MS = 60_000;
const GATEWAYS_AT_ONCE = 500;

export interface CertificateExpiryWatchParts {
  readonly db: RegistryDb;
  readonly commands: CertificateCommands;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly checkEveryMs?: number;
}

interface WatchedChain extends ExpiringChain {
  readonly gatewayId: string;
}

/**
 * Says of certificates in use that they expire, 30, 7 and 1 days before and when it has happened: once each, as an
 * event and in the log. Only one instance of the registry does it.
 */
export class CertificateExpiryWatch implements BackgroundWork {
  readonly name = 'certificate-expiry';
  #watched: readonly WatchedChain[] = [];

  constructor(private readonly parts: CertificateExpiryWatchParts) {
    labelledGauge(
      'gatehouse.registry.certificate.seconds_until_expiry',
      'Until the first certificate of a chain in use expires; negative afterwards. Of the instance that watches',
      () => this.#measured(),
    );
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        this.#watched = await this.#check(signal);
        await pauseUnlessAborted(this.parts.checkEveryMs ?? CHECK_EVERY_MS, signal);
      }
    } finally {
      this.#watched = [];
    }
  }

  async #check(signal: AbortSignal): Promise<WatchedChain[]> {
    const watched: WatchedChain[] = [];
    for (let after: string | undefined = ''; after !== undefined && !signal.aborted;) {
      const rows = await this.#page(after);
      for (const row of rows) {
        for (const chain of chainsOfRow(row)) {
          watched.push({ gatewayId: row.gateway_id, ...chain });
          const days = expiryStage(chain.certificate, this.parts.clock());
          if (days !== undefined && !isNoticed(row.expiry_noticed, chain, days)) {
            await this.#notice(row.gateway_id, chain, days);
          }
        }
      }
      after = rows.length < GATEWAYS_AT_ONCE ? undefined : rows.at(-1)?.gateway_id;
    }
    return watched;
  }

  async #notice(gatewayId: string, chain: ExpiringChain, days: number): Promise<void> {
    try {
      if (!(await this.parts.commands.noticeExpiry(gatewayId, chain, days))) return;
    } catch (error) {
      if (error instanceof GatewayNotFound) return;
      throw error;
    }
    const { role, certificate } = chain;
    const { subject, fingerprint, notAfter } = certificate;
    this.parts.logger.warn(
      { gatewayId, certificate: role, subject, fingerprint, notAfter },
      days === 0 ? 'a certificate has expired' : `a certificate expires in less than ${days} days`,
    );
  }

  #page(after: string) {
    return this.parts.db
      .selectFrom('gateway_view')
      .select([
        'gateway_id',
        'server_certificate_chain',
        'alternative_server_certificate_chain',
        'device_roots',
        'trusted_certificate_chain',
        'expiry_noticed',
      ])
      .where('gateway_id', '>', after)
      .orderBy('gateway_id')
      .limit(GATEWAYS_AT_ONCE)
      .execute();
  }

  #measured() {
    const now = this.parts.clock().getTime();
    return this.#watched.map(({ gatewayId, role, certificate }) => ({
      value: Math.round((Date.parse(certificate.notAfter) - now) / 1_000),
      attributes: {
        gateway: gatewayId,
        certificate: role,
        fingerprint: certificate.fingerprint.slice(0, 16),
      },
    }));
  }
}
