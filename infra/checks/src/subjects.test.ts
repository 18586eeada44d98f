import * as contracts from '@gatehouse/contracts';
import { expect, test } from 'vitest';
import { readProjectFile } from './project-files.ts';

const docs = readProjectFile('docs/subjects.md');
const documented = new Set([...docs.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name));

/** Subjects of requests, read off the contracts themselves; an edge's own carry its id. */
function requestSubjects(): string[] {
  const fixed = Object.values(contracts)
    .filter((value) => typeof value === 'object' && value !== null && 'subject' in value)
    .map((contract) => contract.subject);
  const ofEdges = [contracts.deliverMessage('<edgeId>'), contracts.kickSession('<edgeId>')];
  return [...fixed, ...ofEdges.map(({ subject }) => subject)];
}

function publishedSubjects(): string[] {
  const { STREAMS } = contracts;
  return [...STREAMS.flatMap(({ subjects }) => subjects), contracts.watchedSubject('<productKey>')];
}

function names(): string[] {
  return [...contracts.STREAMS, ...contracts.BUCKETS].map(({ name }) => name);
}

test('docs/subjects.md lists every request, subject, stream and bucket, and nothing else', () => {
  const existing = new Set([...requestSubjects(), ...publishedSubjects(), ...names()]);
  expect(documented).toEqual(existing);
});
