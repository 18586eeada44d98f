import { X509Certificate } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { readRevocationList, verifyRevocationList, type RevocationList } from '@gatehouse/pki';
import type { ListOrder, ListReading } from './list-reader.ts';
import { packRevoked, type RevokedEntry } from './revoked-serials.ts';

/** RFC 5280 §5.2.4. */
const DELTA_CRL_INDICATOR = '2.5.29.27';

parentPort?.on('message', (order: ListOrder) => {
  const reading = readingOf(order);
  const transfer = reading.outcome === 'read' ? [reading.list.revoked.buffer] : [];
  parentPort?.postMessage(reading, transfer);
});

function readingOf({ der, certificatePem, issuerPem, clockSkewMs }: ListOrder): ListReading {
  const now = new Date();
  try {
    const list = readRevocationList(der);
    if (list.unknownCriticalExtensions.includes(DELTA_CRL_INDICATOR)) {
      return unusable('it is a delta CRL, and those are not supported');
    }
    const certificate = new X509Certificate(certificatePem);
    const issuer = new X509Certificate(issuerPem);
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
