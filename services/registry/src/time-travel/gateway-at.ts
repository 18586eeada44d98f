import type { RecordedEvent } from '@gatehouse/event-store';
import { evolveGatewayRow, type GatewayRow } from '../gateway/gateway-row.ts';
import { gatewayEvent } from '../gateway/gateway.events.ts';
import type { RegistryDb } from '../schema/registry-database.ts';
import { gatewayStream } from '../stream-names.ts';
import { streamAt } from './stream-at.ts';

/** A gateway as it was; undefined when there was none. */
export async function gatewayRowAt(
  db: RegistryDb,
  gatewayId: string,
  at: Date,
): Promise<{ readonly row: GatewayRow; readonly last: RecordedEvent } | undefined> {
  const found = await streamAt(db, { streamId: gatewayStream(gatewayId), at }, undefined, evolve);
  return found?.state === undefined ? undefined : { row: found.state, last: found.last };
}

function evolve(row: GatewayRow | undefined, recorded: RecordedEvent): GatewayRow | undefined {
  const { type, data, streamVersion, recordedAt } = recorded;
  return evolveGatewayRow(row, { event: gatewayEvent.parse({ type, data }), streamVersion, recordedAt });
}
