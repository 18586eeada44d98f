import { Failure } from '@gatehouse/failure';
import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';

const OUTAGES = [
  errors.ClosedConnectionError,
  errors.ConnectionError,
  errors.DrainingConnectionError,
  errors.NoRespondersError,
  errors.RequestError,
  errors.TimeoutError,
];

/**
 * Whether an error only says that NATS, its streams or the service behind a subject do not answer, so that the
 * same work can succeed later.
 */
export function isNatsOutage(error: unknown): boolean {
  if (OUTAGES.some((outage) => error instanceof outage)) return true;
  if (error instanceof JetStreamApiError) return error.status === 503;
  return error instanceof Failure && (error.kind === 'unavailable' || error.kind === 'timeout');
}
