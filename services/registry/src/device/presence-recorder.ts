import type { PresenceReport, SessionEndReason } from '@gatehouse/contracts';
import type { EventMetadata, NewEvent, StreamAppend } from '@gatehouse/event-store';
import type { CommandTransactions } from '../commands/command-transactions.ts';
import { deviceStream } from '../stream-names.ts';
import { deviceKeyText } from './device-rows.ts';
import { ABSENT, loadDeviceStates, type VersionedDeviceState } from './device-states.ts';
import { deviceDecider } from './device.decider.ts';

/** What became of reports: written as events, or without effect (repeated, outdated, of an unknown device). */
export interface PresenceOutcome {
  readonly recorded: number;
  readonly ignored: number;
  /** Devices that connected and may not: what let them in was changed while an edge opened the session. */
  readonly barred: readonly BarredDevice[];
}

export interface BarredDevice {
  readonly productKey: string;
  readonly deviceName: string;
  readonly reason: SessionEndReason;
}

const ACTOR = 'presence';

/** Writes down what edges report of connections: any number of reports with a handful of statements. */
export class PresenceRecorder {
  constructor(private readonly transactions: CommandTransactions) {}

  /** Idempotent: a report that comes again changes nothing. Each event carries its own report's trace. */
  async record(reports: readonly PresenceReport[]): Promise<PresenceOutcome> {
    const ofDevice = Map.groupBy(reports, deviceKeyText);
    const devices = [...ofDevice.values()].flatMap(([first]) => (first === undefined ? [] : [first]));
    return this.transactions.transact(ACTOR, async (attempt) => {
      const states = await loadDeviceStates(attempt.db, devices);
      const appends = [...ofDevice].flatMap(([key, own]) => {
        const loaded = states.get(key);
        return loaded === undefined ? [] : [appendOf(own, loaded)];
      });
      const recorded = await attempt.append(...appends.filter(({ events }) => events.length > 0));
      return {
        recorded: recorded.length,
        ignored: reports.length - recorded.length,
        barred: [...ofDevice].flatMap(([key, own]) => barredOf(own, states.get(key) ?? ABSENT)),
      };
    });
  }
}

function barredOf(reports: readonly PresenceReport[], device: VersionedDeviceState): BarredDevice[] {
  const came = reports.filter(({ type }) => type === 'connected');
  const [{ productKey, deviceName } = { productKey: '', deviceName: '' }] = came;
  const reason = came.length === 0 ? undefined : whyBarred(came, device);
  return reason === undefined ? [] : [{ productKey, deviceName, reason }];
}

function whyBarred(
  came: readonly PresenceReport[],
  { state, credentialVersion }: VersionedDeviceState,
): SessionEndReason | undefined {
  if (state.status === 'absent') return 'device-deleted';
  if (state.status === 'disabled') return 'device-disabled';
  const isFormer = came.some((report) => (report.credentialVersion ?? credentialVersion) < credentialVersion);
  return isFormer ? 'credentials-changed' : undefined;
}

function appendOf(
  reports: readonly PresenceReport[],
  { state, version }: VersionedDeviceState,
): Omit<StreamAppend, 'metadata'> {
  const events: NewEvent[] = [];
  let now = state;
  for (const report of reports) {
    for (const event of deviceDecider.decide({ type: 'RecordPresence', report }, now)) {
      events.push({ ...event, metadata: metadataOf(report) });
      now = deviceDecider.evolve(now, event);
    }
  }
  const [{ productKey, deviceName } = { productKey: '', deviceName: '' }] = reports;
  return { streamId: deviceStream(productKey, deviceName), expectedVersion: version, events };
}

function metadataOf({ edgeId, traceparent }: PresenceReport): EventMetadata {
  const actor = `edge:${edgeId}`;
  return traceparent === undefined ? { actor } : { actor, traceparent };
}
