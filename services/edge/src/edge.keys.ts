import { key } from '@gatehouse/nest';
import type { KV } from '@nats-io/kv';

/** What the edge's parts depend on that has no class of its own. */
export const SESSIONS_KV = key<KV>('SESSIONS_KV');
export const TICKET_KEYS_KV = key<KV>('TICKET_KEYS_KV');
export const BANS_KV = key<KV>('BANS_KV');
export const EDGES_KV = key<KV>('EDGES_KV');
