import { X509Certificate } from 'node:crypto';
import { readRevocationList, verifyRevocationList, type RevocationList } from '@gatehouse/pki';
import { serveThread } from '@gatehouse/threads';
import type { ListOrder, ListReading } from './list-reader.ts';
import { packRevoked, type RevokedEntry } from '../source/revoked-serials.ts';

/** RFC 5280 §5.2.4. */
const DELTA_CRL_INDICATOR = '2.5.29.27';

serveThread(readingOf, (reading) => (reading.outcome === 'read' ? [reading.list.revoked.buffer] : []));

function readingOf(order: ListOrder): ListReading {
  const { clockSkewMs } = order;
  const now = new Date();
  try {
    const list = readRevocationList(order.der);
    if (list.unknownCriticalExtensions.includes(DELTA_CRL_INDICATOR)) {
      return unusable('it is a delta CRL, and those are not supported');
    }
    const certificate = new X509Certificate(order.certificate);
    const issuer = new X509Certificate(order.issuer);
    const verdict = verifyRevocationList(list, { certificate, issuer, now, clockSkewMs });
    if (verdict.outcome === 'untrusted') return unusable(verdict.reason);
    const { nextUpdate } = verdict;
    if (nextUpdate <= now) return unusable(`the list is out of date since ${nextUpdate.toISOString()}`);
    const revoked = packRevoked(revokedEntries(list));
    return { outcome: 'read', list: { thisUpdate: list.thisUpdate, nextUpdate, revoked } };
  } catch (error) {
    return unusable(error instanceof Error ? error.message : String(error));
  }
}

/** removeFromCRL belongs to delta CRLs: in a complete one it lists nothing. */
function* revokedEntries({ entries }: RevocationList): Generator<RevokedEntry> {
  for (const [serialNumber, { revokedAt, reason }] of entries) {
    if (reason !== 'removeFromCRL') yield { serialNumber, revokedAt, reason: reason ?? undefined };
  }
}

function unusable(reason: string): ListReading {
  return { outcome: 'unusable', reason };
}
