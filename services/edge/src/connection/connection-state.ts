/**
 * The life of a connection: `awaiting-connect` (TLS is up), `admitting` (CONNECT is judged, nothing more is
 * read), `connected` (CONNACK was sent), `closing` (nothing is taken from the client any more).
 */
export type ConnectionState = 'awaiting-connect' | 'admitting' | 'connected' | 'closing';

const MOVES: Readonly<Record<ConnectionState, readonly ConnectionState[]>> = {
  'awaiting-connect': ['admitting', 'closing'],
  admitting: ['connected', 'closing'],
  connected: ['closing'],
  closing: [],
};

export function mayMove(from: ConnectionState, to: ConnectionState): boolean {
  return MOVES[from].includes(to);
}
