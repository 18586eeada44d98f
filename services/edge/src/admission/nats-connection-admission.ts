import { setTimeout as delay } from 'node:timers/promises';
import { admitDevice } from '@gatehouse/contracts';
import { callService, ServiceTimedOut, ServiceUnreachable } from '@gatehouse/nats';
import { OutageLog, type Logger } from '@gatehouse/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import type { AdmissionQueue } from './admission-queue.ts';
import { AdmissionUnavailable, ClientGone, DeviceRefused } from './admission.failures.ts';
import type { Admitted, AdmissionRequest, ConnectionAdmission } from './connection-admission.ts';

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 500;

/** Asks auth, and asks again while it does not answer: a patient client does not notice its restart. */
export class NatsConnectionAdmission implements ConnectionAdmission {
  /** Leaves time for a second question: the first one is lost when auth dies with it in its hands. */
  readonly #attemptMs: number;
  readonly #outage: OutageLog;

  constructor(
    private readonly nats: NatsConnection,
    private readonly queue: AdmissionQueue,
    private readonly timeoutMs: number,
    logger: Logger,
  ) {
    this.#outage = new OutageLog(logger, {
      failing: 'auth could not be asked',
      mended: 'auth answers again',
    });
    this.#attemptMs = Math.min(admitDevice.timeoutMs, timeoutMs / 2);
  }

  async admit(request: AdmissionRequest): Promise<Admitted> {
    return this.queue.run(request.isWaiting, () => this.#ask(request));
  }

  async #ask(request: AdmissionRequest): Promise<Admitted> {
    const deadline = performance.now() + this.timeoutMs;
    let wait = FIRST_RETRY_MS;
    for (;;) {
      try {
        const remaining = Math.max(1, deadline - performance.now());
        const admitted = await this.#askOnce(request, Math.min(this.#attemptMs, remaining));
        this.#outage.succeeded();
        return admitted;
      } catch (error) {
        if (error instanceof DeviceRefused) {
          this.#outage.succeeded();
          throw error;
        }
        const isPassing = error instanceof ServiceUnreachable || error instanceof ServiceTimedOut;
        if (!isPassing || performance.now() + wait >= deadline) {
          this.#outage.failed(error, { gatewayId: request.gatewayId });
          throw new AdmissionUnavailable(error);
        }
      }
      await delay(wait);
      if (!request.isWaiting()) throw new ClientGone();
      wait = Math.min(LAST_RETRY_MS, wait * 2);
    }
  }

  async #askOnce(request: AdmissionRequest, timeoutMs: number): Promise<Admitted> {
    const { username, password } = request;
    const verdict = await callService(
      this.nats,
      admitDevice,
      {
        gatewayId: request.gatewayId,
        clientId: request.clientId,
        protocolVersion: request.protocolVersion,
        remoteAddress: request.remoteAddress,
        userProperties: request.userProperties.map(([name, value]): [string, string] => [name, value]),
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password: password.toString('base64') }),
      },
      timeoutMs,
    );
    if (verdict.outcome === 'refused') throw new DeviceRefused(verdict.reason);
    return {
      productKey: verdict.productKey,
      deviceName: verdict.deviceName,
      expiresAtMs: verdict.expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(verdict.expiresAt),
    };
  }
}
