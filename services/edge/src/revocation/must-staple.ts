import { X509Certificate } from 'node:crypto';
import { certificateExtensions } from '@gatehouse/pki';

/**
 * Whether the first certificate promises that its server staples (RFC 7633).
 *
 * @param pem that may be anything: what cannot be read promises nothing
 */
export function promisesStaple(pem: string): boolean {
  try {
    return certificateExtensions(new X509Certificate(pem)).mustStaple;
  } catch {
    return false;
  }
}
