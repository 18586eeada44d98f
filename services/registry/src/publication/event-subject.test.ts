import { expect, test } from 'vitest';
import { deviceStream, gatewayStream, parsingScriptStream } from '../stream-names.ts';
import { subjectOfEvent } from './event-subject.ts';

test.each([
  [gatewayStream('gw-1'), 'registry.events.v1.gateway.gw-1'],
  [deviceStream('a1x', 'pump.7'), 'registry.events.v1.device.a1x.pump%2E7'],
  [deviceStream('a1x', 'a@b:c'), 'registry.events.v1.device.a1x.a@b:c'],
  [parsingScriptStream('a1x'), 'registry.events.v1.parsing-script.a1x'],
])('events of %s are published to %s', (streamId, subject) => {
  expect(subjectOfEvent({ streamId })).toBe(subject);
});
