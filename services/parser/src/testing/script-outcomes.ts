import { ScriptFailure } from '../script/script-failure.ts';
import type { ScriptInput, ScriptOutcome } from '../script/script-sandbox.ts';

/** A script with this body. */
export const body = (text: string): string => `function transformPayload(topic, rawData) { ${text} }`;

/** Messages of one byte, their number, on topics of their own. */
export const numbered = (count: number): ScriptInput[] =>
  Array.from({ length: count }, (_, index) => ({ topic: `up/${index}`, payload: Uint8Array.of(index) }));

/** The object that came out, or `<code> <message>`. */
export function shown(outcome: ScriptOutcome | undefined): unknown {
  if (outcome instanceof ScriptFailure) return `${outcome.code} ${outcome.message}`;
  return outcome === undefined ? undefined : JSON.parse(Buffer.from(outcome).toString());
}
