import { setTimeout as delay } from 'node:timers/promises';
import { admitDevice } from '@gatehouse/contracts';
import { ReasonCode } from '@gatehouse/mqtt';
import { callService, ServiceTimedOut, ServiceUnreachable } from '@gatehouse/nats';
import { OutageLog, type Logger } from '@gatehouse/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import type { CertificateCheck } from '../revocation/certificate-check.ts';
import type { AdmissionGuard } from './admission-guard.ts';
import type { AdmissionQueues } from './admission-queues.ts';
import { GatewayOutages } from './gateway-outages.ts';
import { AdmissionUnavailable, ClientGone, DeviceRefused } from './admission.failures.ts';
import type { Admitted, AdmissionRequest, ConnectionAdmission } from './connection-admission.ts';

export interface NatsAdmissionParts {
  readonly nats: NatsConnection;
  readonly queues: AdmissionQueues;
  readonly guard: AdmissionGuard;
  readonly certificates: CertificateCheck;
  readonly logger: Logger;
}

/**
 * Of the time that a client still waits, for one question. Auth is told how long that is and answers sooner, so
 * that no answer means that auth died with the question in its hands; then another one is asked in the rest,
 * 1.25 s of 10 s. More for the rest would take it from authenticators, which may be allowed 8 s; asking again
 * before the first answer is due would have two auths call an authenticator about one device.
 */
const QUESTION_SHARE = 0.875;
/** What says nothing about the device. */
const NO_ANSWER: ReadonlySet<ReasonCode> = new Set([ReasonCode.ServerUnavailable, ReasonCode.ServerBusy]);
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 500;

/**
 * Asks auth when the client's turn has come and nothing speaks against it; and asks again while auth does not
 * answer: a patient client does not notice its restart.
 */
export class NatsConnectionAdmission implements ConnectionAdmission {
  readonly #outages = new GatewayOutages();
  readonly #outageLog: OutageLog;

  constructor(private readonly parts: NatsAdmissionParts) {
    this.#outageLog = new OutageLog(parts.logger, {
      failing: 'auth could not be asked',
      mended: 'auth answers again',
    });
  }

  /** Nobody can be let in by the gateway at the moment, as far as can be told without asking. */
  isOut(gatewayId: string): boolean {
    return this.#outages.isOut(gatewayId) || this.parts.queues.isStuck(gatewayId);
  }

  async admit(request: AdmissionRequest): Promise<Admitted> {
    const { queues, guard } = this.parts;
    guard.check(request);
    return queues.run(request.gatewayId, request, async () => {
      request.steps.step('queue', 'ok');
      // Others may have failed meanwhile: a burst must not pass before the first answer is there.
      guard.check(request);
      // A revoked device must not cost a call of somebody's authenticator.
      await this.parts.certificates.check(request);
      if (!request.isWaiting()) throw new ClientGone();
      try {
        const admitted = await this.#ask(request);
        guard.admitted(request);
        this.#outages.answered(request.gatewayId);
        return admitted;
      } catch (error) {
        guard.failed(request, error);
        this.#noteOutage(request, error);
        throw error;
      }
    });
  }

  /** Strangers do not count: who makes an authenticator fail must not keep devices waiting. */
  #noteOutage({ gatewayId, remoteAddress }: AdmissionRequest, error: unknown): void {
    if (!isNoAnswer(error)) {
      if (error instanceof DeviceRefused) this.#outages.answered(gatewayId);
    } else if (this.parts.guard.hasAdmittedFrom(gatewayId, remoteAddress)) {
      this.#outages.unanswered(gatewayId);
    }
  }

  async #ask(request: AdmissionRequest): Promise<Admitted> {
    const { deadline } = request;
    let wait = FIRST_RETRY_MS;
    for (;;) {
      try {
        const shareMs = Math.floor((deadline - performance.now()) * QUESTION_SHARE);
        const waitMs = Math.max(1, Math.min(admitDevice.timeoutMs, shareMs));
        const admitted = await this.#askOnce(request, waitMs);
        this.#outageLog.succeeded();
        return admitted;
      } catch (error) {
        if (error instanceof DeviceRefused) {
          this.#outageLog.succeeded();
          throw error;
        }
        const isPassing = error instanceof ServiceUnreachable || error instanceof ServiceTimedOut;
        if (!isPassing || performance.now() + wait >= deadline) {
          this.#outageLog.failed(error, { gatewayId: request.gatewayId });
          request.steps.step('auth', 'unavailable');
          throw new AdmissionUnavailable(error);
        }
      }
      await delay(wait);
      if (!request.isWaiting()) throw new ClientGone();
      wait = Math.min(LAST_RETRY_MS, wait * 2);
    }
  }

  async #askOnce(request: AdmissionRequest, waitMs: number): Promise<Admitted> {
    const { username, password, clientCertificate } = request;
    const verdict = await callService(
      this.parts.nats,
      admitDevice,
      {
        gatewayId: request.gatewayId,
        gatewayVersion: request.gatewayVersion,
        waitMs,
        clientId: request.clientId,
        protocolVersion: request.protocolVersion,
        remoteAddress: request.remoteAddress,
        userProperties: request.userProperties.map(([name, value]): [string, string] => [name, value]),
        ...(clientCertificate === undefined ? {} : { clientCertificate }),
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password: password.toString('base64') }),
      },
      waitMs,
    );
    request.steps.addSteps(verdict.steps);
    if (verdict.outcome === 'refused') throw new DeviceRefused(verdict.reason);
    return {
      productKey: verdict.productKey,
      deviceName: verdict.deviceName,
      credentialVersion: verdict.credentialVersion,
      expiresAtMs: verdict.expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(verdict.expiresAt),
      permissions: verdict.permissions,
    };
  }
}

function isNoAnswer(error: unknown): boolean {
  if (error instanceof AdmissionUnavailable) return true;
  return error instanceof DeviceRefused && NO_ANSWER.has(error.reasonCode);
}
