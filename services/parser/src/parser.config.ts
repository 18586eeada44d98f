import { ConfigurationInvalid, key, readConfig, serviceConfig } from '@gatehouse/nest';
import { z } from 'zod';

const parserConfig = serviceConfig.extend({
  /** How long transformPayload may take for one message. */
  PARSER_SCRIPT_TIMEOUT_MS: z.coerce.number().int().min(1).max(10_000).default(50),
  /** Heap of one product's script. */
  PARSER_SCRIPT_MEMORY_MB: z.coerce.number().int().min(8).max(1_024).default(32),
  /** Largest JSON that a script may return. */
  PARSER_SCRIPT_RESULT_MAX_BYTES: z.coerce.number().int().min(1_024).max(4_194_304).default(524_288),
  /** Script time that one device may take for good, in milliseconds a second; ten times that at once. */
  PARSER_DEVICE_SCRIPT_MS_PER_SECOND: z.coerce.number().int().min(1).default(100),
  /** Messages a second that one device may fail for good; ten times that at once. */
  PARSER_DEVICE_FAILURES_PER_SECOND: z.coerce.number().int().min(1).default(10),
  /** Devices whose messages run out of time or memory within 5 s before the script is stopped for all. */
  PARSER_SCRIPT_STOP_DEVICES: z.coerce.number().int().min(1).max(100).default(3),
  /** Scripts kept loaded; the one that was not used for longest is unloaded first. */
  PARSER_LOADED_SCRIPTS: z.coerce.number().int().min(1).default(64),
  /** How long the registry may take to say how a product is parsed; then it is asked again. */
  PARSER_REGISTRY_TIMEOUT_MS: z.coerce.number().int().min(10).default(3_000),
  /** How long the stream MESSAGES may take to confirm a message; then it is published again. */
  PARSER_PUBLISH_TIMEOUT_MS: z.coerce.number().int().min(10).default(5_000),
  /** Uplink batches handled as one group, at most. */
  PARSER_GROUP_BATCHES: z.coerce.number().int().min(1).max(256).default(64),
  /** Messages handled as one group, at most; a larger batch is a group of its own. */
  PARSER_GROUP_MESSAGES: z.coerce.number().int().min(1).default(2_048),
  /** How long a group waits for more while groups follow one another closely; a lone batch never waits. */
  PARSER_LINGER_MS: z.coerce.number().int().min(0).max(1_000).default(4),
  /** Copies a second for those who watch one product; the rest is counted as skipped. */
  PARSER_WATCHED_PER_SECOND: z.coerce.number().int().min(1).default(200),
  /** Raw messages of one product that an instance keeps for trials of its script, at most; 0: none. */
  PARSER_SAMPLES_PER_SECOND: z.coerce.number().int().min(0).max(1_000).default(10),
  /** Trials of scripts at once, each in a process of its own; one more is refused. */
  PARSER_TRIALS: z.coerce.number().int().min(1).max(32).default(2),
  /** How long one trial may take; messages not tried by then have failed. */
  PARSER_TRIAL_TIMEOUT_MS: z.coerce.number().int().min(1_000).max(25_000).default(10_000),
});
export type ParserConfig = z.infer<typeof parserConfig>;
export const PARSER_CONFIG = key<ParserConfig>('PARSER_CONFIG');

export function readParserConfig(environment: NodeJS.ProcessEnv = process.env): ParserConfig {
  return readConfig(parserConfig, environment);
}

/** What a message needs of NATS besides its payload: its headers, and room to grow on its way to readers. */
const RESULT_MARGIN_BYTES = 200_000;

/**
 * @param maxPayloadBytes what the NATS server takes at most
 * @throws {ConfigurationInvalid} a result could be allowed that is then too large to store
 */
export function checkResultLimit(
  config: Pick<ParserConfig, 'PARSER_SCRIPT_RESULT_MAX_BYTES'>,
  maxPayloadBytes: number,
): void {
  const most = maxPayloadBytes - RESULT_MARGIN_BYTES;
  if (config.PARSER_SCRIPT_RESULT_MAX_BYTES <= most) return;
  const message = `must be at most ${most}: max_payload of the NATS server (${maxPayloadBytes}) less ${RESULT_MARGIN_BYTES}`;
  throw new ConfigurationInvalid([{ path: 'PARSER_SCRIPT_RESULT_MAX_BYTES', message }]);
}
