import { PARSING_FAILURES_STREAM } from '@gatehouse/contracts';
import type { StreamSetup } from '@gatehouse/nats';
import type { ServiceConfig } from './service-config.ts';

const DAY_SECONDS = 86_400;

/** How large the streams of this installation may grow, as its environment says. */
export function streamSetupOf(config: ServiceConfig): StreamSetup {
  return {
    replicas: config.STREAM_REPLICAS,
    maxStreamBytes: config.STREAM_MAX_BYTES,
    limits: {
      [PARSING_FAILURES_STREAM.name]: {
        maxAgeSeconds: config.STREAM_PARSING_FAILURES_DAYS * DAY_SECONDS,
        maxBytes: config.STREAM_PARSING_FAILURES_BYTES,
        maxMessagesPerSubject: config.STREAM_PARSING_FAILURES_PER_DEVICE,
      },
    },
  };
}
