import { deciderSpec } from '@gatehouse/testing';
import { test } from 'vitest';
import { parsingScriptDecider, type ParsingScriptCommand } from './parsing-script.decider.ts';
import type { ParsingScriptEvent } from './parsing-script.events.ts';

const { given } = deciderSpec(parsingScriptDecider);
const script = {
  productKey: 'a1abc',
  language: 'javascript' as const,
  code: 'function transformPayload() {}',
};
const submitted = (version: number): ParsingScriptEvent => ({
  type: 'ParsingScriptSubmitted',
  data: { ...script, version },
});
const restored = (version: number): ParsingScriptEvent => ({
  type: 'ParsingScriptRestored',
  data: { productKey: 'a1abc', version },
});

const canarySubmitted = (version: number, percent: number): ParsingScriptEvent => ({
  type: 'ParsingCanarySubmitted',
  data: { ...script, version, percent },
});
const ofCanary = (
  type: 'ParsingCanaryPromoted' | 'ParsingCanaryEnded',
  version: number,
): ParsingScriptEvent => ({ type, data: { productKey: 'a1abc', version } });
const resized = (version: number, percent: number): ParsingScriptEvent => ({
  type: 'ParsingCanaryResized',
  data: { productKey: 'a1abc', version, percent },
});

type Submit = Extract<ParsingScriptCommand, { type: 'SubmitParsingScript' }>;
const submit = (canaryPercent?: number, sameAs: Partial<Submit['sameAs']> = {}): Submit => ({
  type: 'SubmitParsingScript',
  ...script,
  sameAs: { versionInForce: false, canary: false, ...sameAs },
  canaryPercent,
});

test('versions count from 1, also after an earlier one was restored', () => {
  given().when(submit()).expectEvents(submitted(1));
  given(submitted(1), submitted(2), restored(1)).when(submit()).expectEvents(submitted(3));
  given(submitted(1), canarySubmitted(2, 10), ofCanary('ParsingCanaryEnded', 2))
    .when(submit())
    .expectEvents(submitted(3));
});

test('submitting what is in force changes nothing', () => {
  given(submitted(1))
    .when(submit(undefined, { versionInForce: true }))
    .expectNoEvents();
});

test('an earlier version comes into force again', () => {
  given(submitted(1), submitted(2))
    .when({ type: 'RestoreParsingScript', productKey: 'a1abc', version: 1 })
    .expectEvents(restored(1));
});

test('restoring the version in force changes nothing', () => {
  given(submitted(1), submitted(2), restored(1))
    .when({ type: 'RestoreParsingScript', productKey: 'a1abc', version: 1 })
    .expectNoEvents();
});

test.each([0, 3])('version %i is not there to be restored', (version) => {
  given(submitted(1), submitted(2))
    .when({ type: 'RestoreParsingScript', productKey: 'a1abc', version })
    .expectFailure('REGISTRY_PARSING_VERSION_NOT_FOUND');
});

test('a canary is a version of its own beside the one in force', () => {
  given(submitted(1)).when(submit(10)).expectEvents(canarySubmitted(2, 10));
});

test('a canary needs a version in force that parses the other devices', () => {
  given().when(submit(10)).expectFailure('REGISTRY_PARSING_CANARY_WITHOUT_VERSION');
});

test('what is in force already starts no canary', () => {
  given(submitted(1))
    .when(submit(10, { versionInForce: true }))
    .expectNoEvents();
});

test('another script replaces the canary, the same one has its share changed', () => {
  given(submitted(1), canarySubmitted(2, 10))
    .when(submit(20))
    .expectEvents(ofCanary('ParsingCanaryEnded', 2), canarySubmitted(3, 20));
  given(submitted(1), canarySubmitted(2, 10))
    .when(submit(20, { canary: true }))
    .expectEvents(resized(2, 20));
});

test('a submit for all devices ends the canary, or promotes it when it is the same script', () => {
  const history = [submitted(1), canarySubmitted(2, 10)];
  given(...history)
    .when(submit())
    .expectEvents(ofCanary('ParsingCanaryEnded', 2), submitted(3));
  given(...history)
    .when(submit(undefined, { canary: true }))
    .expectEvents(ofCanary('ParsingCanaryPromoted', 2));
  given(...history)
    .when(submit(undefined, { versionInForce: true }))
    .expectEvents(ofCanary('ParsingCanaryEnded', 2));
});

test('a restore is for all devices, so it ends the canary', () => {
  const history = [submitted(1), submitted(2), canarySubmitted(3, 10)];
  given(...history)
    .when({ type: 'RestoreParsingScript', productKey: 'a1abc', version: 1 })
    .expectEvents(ofCanary('ParsingCanaryEnded', 3), restored(1));
  given(...history)
    .when({ type: 'RestoreParsingScript', productKey: 'a1abc', version: 2 })
    .expectEvents(ofCanary('ParsingCanaryEnded', 3));
  given(...history)
    .when({ type: 'RestoreParsingScript', productKey: 'a1abc', version: 3 })
    .expectEvents(ofCanary('ParsingCanaryEnded', 3), restored(3));
});

test('a canary has its share changed, is promoted and is ended', () => {
  const running = given(submitted(1), canarySubmitted(2, 10));
  const productKey = 'a1abc';
  running.when({ type: 'ResizeParsingCanary', productKey, percent: 50 }).expectEvents(resized(2, 50));
  running.when({ type: 'ResizeParsingCanary', productKey, percent: 10 }).expectNoEvents();
  running
    .when({ type: 'PromoteParsingCanary', productKey })
    .expectEvents(ofCanary('ParsingCanaryPromoted', 2));
  running.when({ type: 'EndParsingCanary', productKey }).expectEvents(ofCanary('ParsingCanaryEnded', 2));
});

test('without a canary there is nothing to change or promote, and ending changes nothing', () => {
  const productKey = 'a1abc';
  for (const none of [
    given(submitted(1)),
    given(submitted(1), canarySubmitted(2, 10), ofCanary('ParsingCanaryPromoted', 2)),
  ]) {
    none
      .when({ type: 'ResizeParsingCanary', productKey, percent: 50 })
      .expectFailure('REGISTRY_PARSING_CANARY_NOT_FOUND');
    none
      .when({ type: 'PromoteParsingCanary', productKey })
      .expectFailure('REGISTRY_PARSING_CANARY_NOT_FOUND');
    none.when({ type: 'EndParsingCanary', productKey }).expectNoEvents();
  }
});
