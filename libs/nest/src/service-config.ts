import { z } from 'zod';

/** What every service reads from its environment. */
export const serviceConfig = z.object({
  NATS_URL: z.string().default('nats://127.0.0.1:4222'),
  /** Health, metrics and (registry) the API; 0 takes a free port. */
  HTTP_HOST: z.string().default('127.0.0.1'),
  HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  /** Copies of each JetStream stream, for NATS clusters. */
  STREAM_REPLICAS: z.coerce.number().int().min(1).max(5).default(1),
  /** Upper bound of one stream's size in bytes. */
  STREAM_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1_048_576)
    .default(8 * 1024 ** 3),
  /** Days that messages which could not be parsed are kept. */
  STREAM_PARSING_FAILURES_DAYS: z.coerce.number().int().min(1).max(365).default(7),
  /** Bytes of them in all; the oldest make room. */
  STREAM_PARSING_FAILURES_BYTES: z.coerce
    .number()
    .int()
    .min(1_048_576)
    .default(1024 ** 3),
  /** Of each device and kind of failure; the oldest make room. */
  STREAM_PARSING_FAILURES_PER_DEVICE: z.coerce.number().int().min(1).default(1_000),
});
export type ServiceConfig = z.infer<typeof serviceConfig>;
