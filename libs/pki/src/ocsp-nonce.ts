import { OctetString } from '@peculiar/asn1-schema';
import { id_pkix_ocsp_nonce, Nonce } from '@peculiar/asn1-ocsp';
import { Extension } from '@peculiar/asn1-x509';
import { bufferOf, bytesOf, DerInvalid, encodeDer, parseDer } from './der.ts';

/** RFC 9654 §2.1: what a request may hold. */
const MAX_NONCE_BYTES = 128;

export function nonceExtension(nonce: Uint8Array): Extension {
  const value = encodeDer(new Nonce(bufferOf(nonce)));
  return new Extension({ extnID: id_pkix_ocsp_nonce, extnValue: new OctetString(value.buffer) });
}

/** Null when there is none. */
export function readNonce(extensions: readonly Extension[] | undefined): Uint8Array<ArrayBuffer> | null {
  const found = extensions?.find(({ extnID }) => extnID === id_pkix_ocsp_nonce);
  if (found === undefined) return null;
  const nonce = bytesOf(parseDer(bytesOf(found.extnValue.buffer), Nonce).buffer);
  if (nonce.byteLength < 1 || nonce.byteLength > MAX_NONCE_BYTES) {
    throw new DerInvalid(`its nonce has ${nonce.byteLength} bytes; 1 to ${MAX_NONCE_BYTES} may be`);
  }
  return nonce;
}
