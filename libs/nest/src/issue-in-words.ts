import type { z } from 'zod';
import { nearestText } from './nearest-text.ts';

type RawIssue = z.core.$ZodRawIssue;

/**
 * What is wrong with a value, as the rest of a sentence that begins with its path: what is allowed, and what was
 * there. A schema's own words come before these. Text is never repeated where it may be a secret.
 *
 * For unknown keys it is one line for each of the first of `keys`, in their order.
 */
export function issueInWords(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : wrongType(issue);
    case 'too_small':
      return outOfRange(issue, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return outOfRange(issue, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}, not ${found(issue.input)}`;
    case 'invalid_value':
      return issue.input === undefined
        ? `is missing: ${oneOf(issue.values)}`
        : `must be ${oneOf(issue.values)}, not ${foundChoice(issue.input)}`;
    case 'invalid_format':
      return FORMATS[issue.format] ?? `must be of the form ${issue.pattern ?? issue.format}`;
    case 'unrecognized_keys':
      return issue.keys
        .slice(0, MAX_UNKNOWN_KEYS)
        .map((key) => unknownKey(key, keysOf(issue.inst)))
        .join('\n');
    case 'invalid_union':
      return noneOfUnion(issue.errors, issue.input);
    case 'invalid_key':
      return 'has a key that is not allowed';
    case 'invalid_element':
      return 'has an element that is not allowed';
    case 'custom':
      return 'is not allowed';
  }
}

const FORMATS: Readonly<Record<string, string>> = {
  base64: 'must be base64 (RFC 4648 §4), with its padding',
  datetime: 'must be an instant like 2026-11-21T03:12:00Z',
};

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  tuple: 'a list',
  null: 'null',
};

const SHOWN_CHARACTERS = 32;
/** A body can have a million of them. */
export const MAX_UNKNOWN_KEYS = 100;

function wrongType({ expected, input, inst }: Extract<RawIssue, { code: 'invalid_type' }>): string {
  const isNumber = expected === 'int' || expected === 'number';
  const def = definitionOf(inst);
  const isWhole = 'format' in def && def.format === 'safeint';
  const type = isWhole ? TYPES['int'] : TYPES[expected];
  return `must be ${type ?? expected}, not ${isNumber ? foundChoice(input) : found(input)}`;
}

/** Numbers, true, false and null are shown; of anything else only what it is. */
function found(input: unknown): string {
  if (typeof input === 'string') return 'text';
  if (Array.isArray(input)) return 'a list';
  return typeof input === 'object' && input !== null ? 'an object' : String(input);
}

/** Where a number or a word of a few is expected, no text is secret. */
function foundChoice(input: unknown): string {
  const isShort = typeof input === 'string' && input.length <= SHOWN_CHARACTERS;
  return isShort ? JSON.stringify(input) : found(input);
}

function outOfRange({ input }: RawIssue, relation: string, limit: unknown): string {
  if (typeof input === 'string') return `must have ${relation} ${counted(limit, 'character')}`;
  if (Array.isArray(input)) return `must have ${relation} ${counted(limit, 'item')}, not ${input.length}`;
  return `must be ${relation} ${String(limit)}, not ${found(input)}`;
}

const counted = (count: unknown, thing: string): string =>
  `${String(count)} ${thing}${count === 1 ? '' : 's'}`;

function oneOf(values: readonly unknown[]): string {
  const words = values.map(String);
  const last = words.pop() ?? 'nothing';
  return words.length === 0 ? last : `${words.join(', ')} or ${last}`;
}

/** Zod has no other way to it for those who hold a schema of any kind. */
function definitionOf(schema: RawIssue['inst']): object {
  // oxlint-disable-next-line eslint/no-underscore-dangle -- zod's name for what libraries may read
  return schema?._zod.def ?? {};
}

function keysOf(schema: RawIssue['inst']): readonly string[] {
  const def = definitionOf(schema);
  return 'shape' in def && typeof def.shape === 'object' && def.shape !== null ? Object.keys(def.shape) : [];
}

function unknownKey(key: string, known: readonly string[]): string {
  const nearest = nearestText(key, known);
  if (nearest !== undefined) return `is unknown; did you mean ${nearest}?`;
  return known.length === 0
    ? 'is unknown; nothing may be given here'
    : `is unknown; known are ${known.join(', ')}`;
}

/** Choices between constants are named; the branches of any other union would say too much. */
function noneOfUnion(branches: readonly (readonly z.core.$ZodIssue[])[], input: unknown): string {
  if (input === undefined) return 'is missing';
  const values = branches
    .flat()
    .flatMap((issue) => (issue.code === 'invalid_value' && issue.path.length === 0 ? issue.values : []));
  return values.length === 0
    ? 'has none of the forms that are allowed'
    : `must be ${oneOf(values)}, not ${foundChoice(input)}`;
}
