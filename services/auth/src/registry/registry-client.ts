import { setTimeout as wait } from 'node:timers/promises';
import type { ReplyOf, RequestContract } from '@gatehouse/contracts';
import { callService, ServiceTimedOut, ServiceUnreachable } from '@gatehouse/nats';
import type { NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import type { AuthConfig } from '../auth.config.ts';

export const ASK_AGAIN_MS = 100;

/** Puts questions to the registry, and has patience with it. */
export class RegistryClient {
  constructor(
    private readonly nats: NatsConnection,
    private readonly config: Pick<AuthConfig, 'AUTH_REGISTRY_TIMEOUT_MS' | 'AUTH_REGISTRY_ATTEMPT_MS'>,
  ) {}

  /**
   * Asked again until the time is over: the registry may be restarting, and a question that it had in hand
   * when it died is never answered.
   *
   * @throws {Failure} see callService
   */
  async ask<C extends RequestContract>(contract: C, request: z.input<C['request']>): Promise<ReplyOf<C>> {
    const deadline = performance.now() + this.config.AUTH_REGISTRY_TIMEOUT_MS;
    for (;;) {
      const leftMs = Math.max(1, Math.ceil(deadline - performance.now()));
      const attemptMs = Math.min(leftMs, this.config.AUTH_REGISTRY_ATTEMPT_MS);
      try {
        return await callService(this.nats, contract, request, attemptMs);
      } catch (error) {
        const isPassing = error instanceof ServiceUnreachable || error instanceof ServiceTimedOut;
        if (!isPassing || performance.now() + ASK_AGAIN_MS >= deadline) throw error;
        await wait(ASK_AGAIN_MS);
      }
    }
  }
}
