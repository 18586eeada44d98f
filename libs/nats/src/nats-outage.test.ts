import { errors } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { isNatsOutage } from './nats-outage.ts';
import { ServiceTimedOut, ServiceUnreachable } from './nats.failures.ts';

test.each([
  ['a request without an answer', new errors.TimeoutError()],
  [
    'nobody who listens',
    new errors.RequestError('no responders', { cause: new errors.NoRespondersError('x') }),
  ],
  ['a connection that is closed', new errors.ClosedConnectionError()],
  ['a service that is away', new ServiceUnreachable('registry.v1.x', undefined)],
  ['a service that is slow', new ServiceTimedOut('registry.v1.x', 100)],
])('%s is an outage', (_case, error) => {
  expect(isNatsOutage(error)).toBe(true);
});

test.each([
  ['a mistake of the program', new TypeError('x is undefined')],
  ['a subject that may not be published to', new errors.PermissionViolationError('denied', 'publish', 'a.b')],
])('%s is none', (_case, error) => {
  expect(isNatsOutage(error)).toBe(false);
});
