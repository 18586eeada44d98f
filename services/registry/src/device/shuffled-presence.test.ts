import type { PresenceReport } from '@gatehouse/contracts';
import { fold } from '@gatehouse/decider';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deviceStateOf, evolveDeviceRow, type DeviceRow } from './device-row.ts';
import { deviceDecider } from './device.decider.ts';
import type { DeviceEvent } from './device.events.ts';

const pump = { productKey: 'a1abc', deviceName: 'pump-7' };

function report(type: PresenceReport['type'], session: number): PresenceReport {
  return {
    type,
    ...pump,
    gatewayId: 'gw-1',
    session,
    edgeId: `edge-${session % 3}`,
    at: new Date(Date.UTC(2026, 0, 1) + session * 1_000).toISOString(),
    clientId: `client-${session}`,
    remoteAddress: '192.0.2.7',
    protocolVersion: 5,
    ...(type === 'disconnected' ? { reason: 'keep-alive' } : {}),
  };
}

/** What edges report of some sessions, each report once or more, in any order; ends of old sessions may be lost. */
const shuffledReports = fc
  .record({
    sessions: fc.uniqueArray(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 10 }),
    lostEnds: fc.uniqueArray(fc.integer({ min: 1, max: 1_000 })),
    isLastEnded: fc.boolean(),
  })
  .chain(({ sessions, lostEnds, isLastEnded }) => {
    const last = Math.max(...sessions);
    const reports = sessions.flatMap((session) => {
      const hasEnd = session === last ? isLastEnded : !lostEnds.includes(session);
      const connected = report('connected', session);
      return hasEnd ? [connected, report('disconnected', session)] : [connected];
    });
    return fc
      .array(fc.constantFrom(...reports), { maxLength: 15 })
      .chain((again) => {
        const all = [...reports, ...again];
        return fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
      })
      .map((shuffled) => ({ last, isLastEnded, shuffled }));
  });

/** Reports as they are written down: decided on one after the other. */
function storyOf(reports: readonly PresenceReport[]): DeviceEvent[] {
  const story: DeviceEvent[] = [
    { type: 'DeviceImported', data: { ...pump, serialNumber: null, ignoresSessionsUpTo: 0 } },
  ];
  for (const each of reports) {
    story.push(...deviceDecider.decide({ type: 'RecordPresence', report: each }, fold(deviceDecider, story)));
  }
  return story;
}

const rowOf = (story: readonly DeviceEvent[]): DeviceRow | undefined =>
  story.reduce<DeviceRow | undefined>(
    (row, event, index) => evolveDeviceRow(row, { event, streamVersion: index + 1, recordedAt: new Date(0) }),
    undefined,
  );

test('whatever is late, repeated or lost, the newest session decides', () => {
  fc.assert(
    fc.property(shuffledReports, ({ last, isLastEnded, shuffled }) => {
      const { presence } = fold(deviceDecider, storyOf(shuffled));
      expect([presence.session, presence.isOnline]).toEqual([last, !isLastEnded]);
    }),
  );
});

test('a report is written down once at most', () => {
  fc.assert(
    fc.property(shuffledReports, ({ shuffled }) => {
      const story = storyOf(shuffled);
      const keys = story.map(({ type, data }) => `${type} ${'session' in data ? data.session : ''}`);
      expect(new Set(keys).size).toBe(keys.length);
      expect(storyOf([...shuffled, ...shuffled])).toEqual(story);
    }),
  );
});

test("a device's row says what its story folds to", () => {
  fc.assert(
    fc.property(shuffledReports, ({ last, shuffled }) => {
      const story = storyOf(shuffled);
      const row = rowOf(story);
      expect(row === undefined ? undefined : deviceStateOf(row)).toEqual(fold(deviceDecider, story));
      expect(row?.client_id).toBe(`client-${last}`);
    }),
  );
});
