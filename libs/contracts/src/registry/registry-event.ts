import { z } from 'zod';

/**
 * A committed event as published to the stream REGISTRY. Positions can pass 2^53: decimal text.
 * `data` holds no secret and no hash of one.
 */
export const registryEvent = z.object({
  globalPosition: z.string(),
  streamId: z.string(),
  streamVersion: z.int().positive(),
  type: z.string(),
  schemaVersion: z.int().positive(),
  data: z.record(z.string(), z.unknown()),
  metadata: z.object({
    actor: z.string(),
    traceparent: z.string().optional(),
    recordedAt: z.iso.datetime(),
  }),
});
export type RegistryEvent = z.infer<typeof registryEvent>;
