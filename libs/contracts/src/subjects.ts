import { subjectToken, topicTokens } from './subject-token.ts';

/** Every subject that Gatehouse speaks on; docs/subjects.md explains each. */

export const uplinkSubject = (gatewayId: string, partition: number): string =>
  `uplink.v1.${gatewayId}.${partition}`;

export const messageSubject = (productKey: string, deviceName: string, topicName: string): string =>
  `messages.v1.${productKey}.${subjectToken(deviceName)}.${topicTokens(topicName)}`;

/** Of a message that could not be parsed. */
export const parsingFailureSubject = (productKey: string, deviceName: string, code: string): string =>
  `parsing-failures.v1.${productKey}.${subjectToken(deviceName)}.${code}`;

/** Those of a product, of one device or any, with one code or any. */
export const parsingFailureFilter = (productKey: string, deviceName?: string, code?: string): string =>
  `parsing-failures.v1.${productKey}.${deviceName === undefined ? '*' : subjectToken(deviceName)}.${code ?? '*'}`;

export const presenceReportSubject = (edgeId: string): string => `presence-reports.v1.${edgeId}`;

export const registryEventSubject = (aggregate: string, ...ids: readonly string[]): string =>
  ['registry.events.v1', aggregate, ...ids.map(subjectToken)].join('.');

export const presenceSubject = (productKey: string, deviceName: string): string =>
  `presence.v1.${productKey}.${subjectToken(deviceName)}`;

export const lifecycleSubject = (productKey: string, deviceName: string): string =>
  `lifecycle.v1.${productKey}.${subjectToken(deviceName)}`;

/** Copies of what a product's devices publish, raw and parsed, while somebody watches (core NATS only). */
export const watchedSubject = (productKey: string): string => `parser.v1.watched.${productKey}`;

/** Raw messages of a product, for trials of its parsing script. */
export const parsingSampleSubject = (productKey: string): string => `parsing-samples.v1.${productKey}`;

export const edgeSubject = (edgeId: string, verb: 'deliver' | 'kick'): string => `edge.v1.${edgeId}.${verb}`;

/** Attempts to connect that came to a CONNECT (`judged`), and those that did not (`unidentified`). */
export const connectionAttemptSubject = (kind: 'judged' | 'unidentified'): string =>
  `connection-attempts.v1.${kind}`;
