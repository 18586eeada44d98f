import {
  testAuthentication,
  type AuthenticationTestInput,
  type AuthenticationTestResult,
} from '@gatehouse/contracts';
import { callService } from '@gatehouse/nats';
import type { NatsConnection } from '@nats-io/transport-node';
import type { GatewayQueries } from './gateway-views.queries.ts';
import { GatewayHasNoAuthenticator, GatewayNotFound } from './gateway.failures.ts';

/** A sample call to the authenticator of a gateway, made by auth. */
export class AuthenticationTest {
  constructor(
    private readonly nats: NatsConnection,
    private readonly gateways: GatewayQueries,
  ) {}

  /** @throws {GatewayNotFound | GatewayHasNoAuthenticator | ServiceUnreachable | ServiceTimedOut} */
  async run(gatewayId: string, input: AuthenticationTestInput): Promise<AuthenticationTestResult> {
    const { authentication, version } = await this.gateways.get(gatewayId);
    if (authentication.type === 'one-way') throw new GatewayHasNoAuthenticator(gatewayId);
    const request = { ...input, gatewayId, gatewayVersion: version };
    const reply = await callService(this.nats, testAuthentication, request);
    if (reply.outcome === 'tested') return reply.result;
    throw reply.outcome === 'unknown-gateway'
      ? new GatewayNotFound(gatewayId)
      : new GatewayHasNoAuthenticator(gatewayId);
  }
}
