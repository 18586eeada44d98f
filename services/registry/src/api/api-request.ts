import type { ApiKeyRole } from '@gatehouse/contracts';
import { RequestInvalid } from '@gatehouse/nest';
import type { FastifyRequest } from 'fastify';
import type { CommandContext } from '../commands/command-context.ts';
import { ApiKeyMissing } from './api.failures.ts';

/** Who asks: an API key that was recognised. */
export interface Principal {
  readonly name: string;
  readonly role: ApiKeyRole;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read; null on the routes that need no key. */
    principal: Principal | null;
  }
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** The context of a command that a request gives. */
export function commandContext(request: FastifyRequest): CommandContext {
  if (request.principal === null) throw new ApiKeyMissing();
  const actor = request.principal.name;
  const idempotencyKey = request.headers['idempotency-key'];
  if (idempotencyKey === undefined) return { actor };
  if (typeof idempotencyKey !== 'string' || !IDEMPOTENCY_KEY.test(idempotencyKey)) {
    throw new RequestInvalid([
      { path: 'Idempotency-Key', message: 'must be 1 to 255 printable ASCII characters without spaces' },
    ]);
  }
  return { actor, idempotencyKey };
}
