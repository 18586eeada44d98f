import { X509Certificate } from 'node:crypto';
import { signRevocationList, type RevocationToList } from '@gatehouse/pki';
import { serveThread } from '@gatehouse/threads';
import type { ListOrder, SignedList } from './list-signer.ts';

serveThread(signedList, (signed) => (signed.outcome === 'signed' ? [signed.list.buffer] : []));

function signedList({ certificate, key, revocations, ...content }: ListOrder): SignedList {
  try {
    const signer = { certificate: new X509Certificate(certificate), key };
    const entries = revocations.split('\n').filter(Boolean).map(revocationOf);
    return { outcome: 'signed', list: signRevocationList(signer, { ...content, entries }) };
  } catch (error) {
    return { outcome: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}

function revocationOf(line: string): RevocationToList {
  const [serialNumber = '', seconds, reason] = line.split(' ');
  const revokedAt = new Date(Number(seconds) * 1_000);
  // The registry wrote it itself.
  return {
    serialNumber,
    revokedAt,
    ...(reason && { reason: reason as RevocationToList['reason'] & string }),
  };
}
