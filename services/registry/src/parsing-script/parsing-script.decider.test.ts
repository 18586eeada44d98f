import { deciderSpec } from '@gatehouse/testing';
import { test } from 'vitest';
import { parsingScriptDecider } from './parsing-script.decider.ts';
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

test('versions count from 1, also after an earlier one was restored', () => {
  given()
    .when({ type: 'SubmitParsingScript', ...script, isInForce: false })
    .expectEvents(submitted(1));
  given(submitted(1), submitted(2), restored(1))
    .when({ type: 'SubmitParsingScript', ...script, isInForce: false })
    .expectEvents(submitted(3));
});

test('submitting what is in force changes nothing', () => {
  given(submitted(1))
    .when({ type: 'SubmitParsingScript', ...script, isInForce: true })
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
