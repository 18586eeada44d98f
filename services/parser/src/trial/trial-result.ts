import type { ParsingTrialResult } from '@gatehouse/contracts';
import { SCRIPT_FAILURE_CODE } from '../script/script-failure.ts';
import type { TriedInput, TriedMessage, TriedOutcome } from './trial-order.ts';

interface Shown {
  readonly outcome: 'parsed' | 'failed';
  readonly result: unknown;
  readonly error: ParsingTrialResult['error'];
  readonly isCut: boolean;
}

/**
 * @param version that was run for comparison; undefined: none
 * @param maxBytes of results and logs, about; what is over it is left out
 */
export function trialResult(
  { tried, log, milliseconds, memoryBytes, compared }: TriedMessage,
  { direction }: Pick<TriedInput, 'direction'>,
  { version, maxBytes }: { readonly version: number | undefined; readonly maxBytes: number },
): ParsingTrialResult {
  const { isCut, ...shown } = shownOutcome(tried, direction, maxBytes / 2);
  const logs = linesWithin(log.lines, maxBytes / 8);
  const other = compared === undefined ? undefined : shownOutcome(compared.outcome, direction, maxBytes / 4);
  return {
    ...shown,
    logs,
    milliseconds,
    memoryBytes,
    isCut: isCut || log.isCut || logs.length < log.lines.length || (other?.isCut ?? false),
    comparison:
      other === undefined || compared === undefined || version === undefined
        ? null
        : {
            version,
            isEqual: compared.isEqual,
            outcome: other.outcome,
            result: compared.isEqual ? null : other.result,
            error: other.error,
          },
  };
}

/** Of a message whose turn never came. */
export function notTried(reason: string): ParsingTrialResult {
  return {
    outcome: 'failed',
    result: null,
    logs: [],
    milliseconds: 0,
    memoryBytes: null,
    error: { code: SCRIPT_FAILURE_CODE.exception, message: reason, line: null, column: null },
    isCut: false,
    comparison: null,
  };
}

function shownOutcome(outcome: TriedOutcome, direction: TriedInput['direction'], maxBytes: number): Shown {
  if (outcome.outcome === 'failed') {
    const { code, message, line, column } = outcome;
    return { outcome: 'failed', result: null, error: { code, message, line, column }, isCut: false };
  }
  const cut: Shown = { outcome: 'parsed', result: null, error: null, isCut: true };
  if (outcome.bytes === null) return cut;
  const bytes = Buffer.from(outcome.bytes);
  // As hex and base64 a byte takes more than three characters.
  const size = direction === 'downlink' ? bytes.length * 4 : bytes.length;
  if (size > maxBytes) return cut;
  const result: unknown =
    direction === 'downlink'
      ? { hex: bytes.toString('hex'), base64: bytes.toString('base64') }
      : JSON.parse(bytes.toString());
  return { outcome: 'parsed', result, error: null, isCut: false };
}

function linesWithin<Line extends { readonly text: string }>(
  lines: readonly Line[],
  maxBytes: number,
): Line[] {
  let left = maxBytes;
  return lines.filter(({ text }) => {
    left -= Buffer.byteLength(text) + 32;
    return left >= 0;
  });
}
