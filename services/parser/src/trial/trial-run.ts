import { isDeepStrictEqual } from 'node:util';
import { ScriptFailure } from '../script/script-failure.ts';
import type { ScriptOutcome, ScriptTrial, ScriptTrials } from '../script/script-sandbox.ts';
import type { TriedInput, TriedMessage, TriedOutcome, TrialOrder } from './trial-order.ts';

/** Time for messages that cost their isolate. */
const MAX_BROKEN_MS = 1_000;

/**
 * Runs a script, and the one that it is compared with, on each message in turn, in isolates made for it.
 *
 * @param tried told of each message; false ends the trial
 * @returns whether all messages were tried; a script that breaks again and again is given up
 */
export async function runTrial(
  trials: ScriptTrials,
  { code, comparedCode, inputs, maxShownBytes }: Omit<TrialOrder, 'limits'>,
  tried: (message: TriedMessage) => boolean,
): Promise<boolean> {
  const script = trials.openTrial(code);
  const compared = comparedCode === undefined ? undefined : trials.openTrial(comparedCode);
  let brokenMs = 0;
  let done = 0;
  for (const input of inputs) {
    const startedAt = performance.now();
    const message = await tryOne(input, { script, compared }, maxShownBytes);
    done += 1;
    if (message.memoryBytes === null) brokenMs += performance.now() - startedAt;
    if (!tried(message) || brokenMs > MAX_BROKEN_MS) break;
  }
  script.retire();
  compared?.retire();
  return done === inputs.length;
}

async function tryOne(
  input: TriedInput,
  { script, compared }: { readonly script: ScriptTrial; readonly compared: ScriptTrial | undefined },
  maxShownBytes: number,
): Promise<TriedMessage> {
  const { outcome, log, tookMs, heapBytes } = await script.run(input);
  const other = await compared?.run(input);
  return {
    tried: outcomeOf(outcome, maxShownBytes),
    log,
    milliseconds: Math.round(tookMs * 1_000) / 1_000,
    memoryBytes: heapBytes ?? null,
    compared:
      other === undefined
        ? undefined
        : { outcome: outcomeOf(other.outcome, maxShownBytes), isEqual: isEqual(outcome, other.outcome) },
  };
}

function outcomeOf(outcome: ScriptOutcome, maxShownBytes: number): TriedOutcome {
  if (!(outcome instanceof ScriptFailure)) {
    return { outcome: 'parsed', bytes: outcome.length > maxShownBytes ? null : outcome };
  }
  const { code, message, place } = outcome;
  return { outcome: 'failed', code, message, line: place?.line ?? null, column: place?.column ?? null };
}

/** The order of fields means nothing in JSON; two failures are the same when their codes are. */
function isEqual(one: ScriptOutcome, other: ScriptOutcome): boolean {
  if (one instanceof ScriptFailure || other instanceof ScriptFailure) {
    return one instanceof ScriptFailure && other instanceof ScriptFailure && one.code === other.code;
  }
  const texts = [one, other].map((bytes) => Buffer.from(bytes).toString());
  if (texts[0] === texts[1]) return true;
  try {
    const [first, second] = texts.map((text): unknown => JSON.parse(text));
    return isDeepStrictEqual(first, second);
  } catch {
    // Bytes of a downlink, or too deep to be compared.
    return false;
  }
}
