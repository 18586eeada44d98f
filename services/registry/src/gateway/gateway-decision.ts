import { fold } from '@gatehouse/decider';
import type { CommandAttempt } from '../commands/command-transactions.ts';
import { readStream } from '../event-log/read-events.ts';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { gatewayStream } from '../stream-names.ts';
import type { GatewayState } from './gateway-state.ts';
import { gatewayDecider, type GatewayCommand } from './gateway.decider.ts';
import { gatewayEvent } from './gateway.events.ts';
import { GatewayNameTaken, GatewayVersionMismatch } from './gateway.failures.ts';

/**
 * Decides on a gateway as its stream has it, and appends what comes of it.
 *
 * @param expectedVersions the versions that may be decided on; undefined: any
 * @returns the state that was decided on, and the one that came of it
 * @throws {GatewayNotFound | GatewayVersionMismatch | GatewayNameTaken} and what the decision refuses
 */
export async function decideOnGateway(
  attempt: CommandAttempt,
  command: Exclude<GatewayCommand, { type: 'CreateGateway' }>,
  expectedVersions: readonly number[] | undefined,
): Promise<{ readonly before: GatewayState; readonly after: GatewayState }> {
  const { gatewayId } = command;
  const streamId = gatewayStream(gatewayId);
  const history = await readStream(attempt.db, streamId);
  const before = fold(
    gatewayDecider,
    history.map((event) => gatewayEvent.parse({ type: event.type, data: event.data })),
  );
  const isExpected = expectedVersions?.includes(history.length) ?? true;
  if (before.status === 'present' && !isExpected) {
    throw new GatewayVersionMismatch(gatewayId, history.length);
  }
  const events = gatewayDecider.decide(command, before);
  if (command.type === 'ChangeGateway' && events.length > 0 && command.patch.name !== undefined) {
    await refuseTakenName(attempt.db, command.patch.name, gatewayId);
  }
  await attempt.append({ streamId, expectedVersion: history.length, events });
  return { before, after: fold(gatewayDecider, events, before) };
}

/** Two at once are told apart by the constraint; this spares PostgreSQL's log an error for each name that is taken. */
export async function refuseTakenName(
  db: RegistryTransaction,
  name: string,
  gatewayId: string,
): Promise<void> {
  const other = await db
    .selectFrom('gateway_view')
    .select('gateway_id')
    .where('name', '=', name)
    .where('gateway_id', '!=', gatewayId)
    .executeTakeFirst();
  if (other !== undefined) throw new GatewayNameTaken(name);
}
