import { DatabaseUnavailable } from '@gatehouse/event-store';
import pg from 'pg';

/** SQLSTATE classes that speak of the server, not of the statement: PostgreSQL appendix A. */
const OUTAGE_CLASSES = [
  '08', // connection exception
  '25', // invalid transaction state: ended by idle_in_transaction_session_timeout
  '53', // insufficient resources
  '57', // operator intervention, such as a shutdown
  '58', // system error
];
/** The migrations of a new database have not run yet. */
const UNDEFINED_TABLE = '42P01';
const NETWORK_CODES = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH'];

/** Whether an error means that the database is away, so that the same work can succeed later. */
export function isDatabaseOutage(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return true;
  if (error instanceof pg.DatabaseError) {
    const { code = '' } = error;
    return code === UNDEFINED_TABLE || OUTAGE_CLASSES.includes(code.slice(0, 2));
  }
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string' && NETWORK_CODES.includes(error.code)) return true;
  // pg gives a connection that ended under a query no code.
  return error.message.startsWith('Connection terminated') || error.message.startsWith('timeout exceeded');
}
