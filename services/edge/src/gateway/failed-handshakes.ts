import type { AdmissionGuard } from '../admission/admission-guard.ts';
import type { AddressBanned } from '../admission/connect-limits.failures.ts';
import type { Attempt } from '../attempts/attempt.ts';
import type { AttemptRecorder } from '../attempts/attempt-recorder.ts';
import type { AttemptTls } from '../attempts/attempt-tls.ts';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import type { Logger } from '@gatehouse/observability';
import type { AddressLog } from './address-log.ts';
import { ClientCertificateRefused, TlsHandshakeFailed } from './gateway.failures.ts';
import { PLAIN_TEXT, type TlsFailure } from './tls-failure.ts';

export interface FailedHandshakesParts {
  readonly attempts: AttemptRecorder;
  readonly guard: AdmissionGuard;
  readonly metrics: EdgeMetrics;
  readonly logger: Logger;
  readonly plainTextLog: AddressLog;
}

/** What says nothing about who is behind the connection: whoever is kept waiting hangs up. */
const NOT_ITS_DOING: ReadonlySet<string> = new Set([
  'closed',
  'handshake-queue-full',
  'handshake-queue-timeout',
  'gateway-closed',
  'address-connects-exceeded',
  'address-silent',
]);

/** Counts, logs and writes down the handshakes that came to nothing. */
export class FailedHandshakes {
  constructor(private readonly parts: FailedHandshakesParts) {}

  addBanned(attempt: Attempt, failure: AddressBanned): void {
    this.parts.metrics.tlsFailures.add('address-banned');
    this.parts.attempts.failed(attempt, failure);
  }

  /** @param tls what was seen of it, with the message as its failure */
  add(
    attempt: Attempt,
    { reason, message }: TlsFailure,
    tls: AttemptTls | undefined,
    isCertificate = false,
  ): void {
    const { metrics, logger, plainTextLog, attempts, guard } = this.parts;
    metrics.tlsFailures.add(reason);
    const wasKeptWaiting = reason === 'handshake-timeout' && attempt.hasWaited;
    if (!NOT_ITS_DOING.has(reason) && !wasKeptWaiting) guard.wasted(attempt);
    const { gatewayId, remoteAddress, id: attemptId } = attempt;
    if (reason !== PLAIN_TEXT) {
      logger.debug({ attemptId, gatewayId, remoteAddress, reason }, 'TLS handshake failed');
    } else if (plainTextLog.isNews(remoteAddress, Date.now())) {
      logger.warn(
        { attemptId, gatewayId, remoteAddress },
        'a client without TLS was disconnected; only TLS is accepted',
      );
    }
    attempt.tls = tls;
    attempt.step('tls-handshake', reason);
    attempts.failed(
      attempt,
      isCertificate ? new ClientCertificateRefused(reason, message) : new TlsHandshakeFailed(reason, message),
    );
  }
}
