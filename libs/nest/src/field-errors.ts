import type { FieldError } from '@gatehouse/failure';
import { z } from 'zod';
import { issueInWords, MAX_UNKNOWN_KEYS } from './issue-in-words.ts';

/** What a schema found: an issue of zod's, or of another library that keeps to Standard Schema. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** More are nobody's to read. */
const MAX_REPORTED = 100;

/** From here on all schemas of this process speak as the HTTP API does. */
export function speakInSentences(): void {
  z.config({ customError: issueInWords });
}

/** One error for each thing that is wrong: each unknown key is one, at its own path. */
export function fieldErrorsOf(issues: readonly SchemaIssue[]): FieldError[] {
  return issues.slice(0, MAX_REPORTED).flatMap(errorsOf).slice(0, MAX_REPORTED);
}

/** `devices[4].username`: as one would write it in JavaScript, so lists count from 0. */
export function pathText(path: NonNullable<SchemaIssue['path']>): string {
  let text = '';
  for (const segment of path) {
    const key = typeof segment === 'object' ? segment.key : segment;
    if (typeof key === 'number') text += `[${key}]`;
    else text += `${text === '' ? '' : '.'}${String(key)}`;
  }
  return text;
}

function errorsOf(issue: SchemaIssue): FieldError[] {
  const { message, path = [] } = issue;
  if (!hasKeys(issue)) return [{ path: pathText(path), message }];
  const lines = message.split('\n');
  return issue.keys.slice(0, MAX_UNKNOWN_KEYS).map((key, index) => ({
    path: pathText([...path, key]),
    message: lines[index] ?? 'is unknown',
  }));
}

function hasKeys(issue: SchemaIssue): issue is SchemaIssue & { readonly keys: readonly string[] } {
  return (
    'code' in issue && issue.code === 'unrecognized_keys' && 'keys' in issue && Array.isArray(issue.keys)
  );
}
