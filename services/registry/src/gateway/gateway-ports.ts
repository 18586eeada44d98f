import { sql } from 'kysely';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { GatewayPortTaken } from './gateway.failures.ts';

/** First key of the advisory locks of ports; the second is the port. */
const PORT_LOCKS = 0x676f_7274;

/**
 * Makes sure that a new gateway can have its port, and that nobody else gets it before the transaction ends.
 * Gateways share a port only when SNI can tell them apart: each of them has a host name of its own.
 *
 * @throws {GatewayPortTaken}
 */
export async function claimPort(
  db: RegistryTransaction,
  { port, hostname }: { readonly port: number; readonly hostname: string | null },
): Promise<void> {
  await sql`select pg_advisory_xact_lock(${PORT_LOCKS}, ${port})`.execute(db);
  let others = db.selectFrom('gateway_view').select('gateway_id').where('port', '=', port);
  if (hostname !== null) {
    others = others.where((where) =>
      where.or([where('hostname', 'is', null), where('hostname', '=', hostname)]),
    );
  }
  if ((await others.limit(1).executeTakeFirst()) !== undefined) throw new GatewayPortTaken(port, hostname);
}
