import { createPublicKey, type KeyObject } from 'node:crypto';
import { CertificationRequest } from '@peculiar/asn1-csr';
import {
  type AttributeTypeAndValue,
  Extensions,
  id_ce_subjectAltName,
  SubjectAlternativeName,
  type Name,
} from '@peculiar/asn1-x509';
import { bytesOf, decodeDer, encodeDer, parseDer, toSchema } from './der.ts';
import { CertificateRequestMalformed } from './pki.failures.ts';
import { checkSignature, type SignatureVerdict } from './signature.ts';

const MAX_BYTES = 16_384;
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const COMMON_NAME = '2.5.4.3';
const PEM =
  /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([\sA-Za-z0-9+/=]*)-----END (?:NEW )?CERTIFICATE REQUEST-----/;

/** What somebody asks a certificate for (RFC 2986). */
export interface CertificateRequest {
  /** Null: the subject has none, or several. */
  readonly commonName: string | null;
  readonly publicKey: KeyObject;
  /** By the key that is asked for: whether the one who asks has its private half. */
  readonly signature: SignatureVerdict;
  /** Of the extension subjectAltName that is asked for. */
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

/** Takes PEM. Throws CertificateRequestMalformed; judges neither key nor signature. */
export function readCertificateRequest(pem: string): CertificateRequest {
  const base64 = PEM.exec(pem.slice(0, 2 * MAX_BYTES))?.[1];
  if (base64 === undefined) {
    throw new CertificateRequestMalformed(
      'this is no certificate request in PEM; it begins with -----BEGIN CERTIFICATE REQUEST-----',
    );
  }
  try {
    return readDer(new Uint8Array(Buffer.from(base64, 'base64')));
  } catch (error) {
    throw new CertificateRequestMalformed(
      'the certificate request cannot be decoded; make it again with openssl req -new',
      error,
    );
  }
}

function readDer(der: Uint8Array): CertificateRequest {
  const request = toSchema(decodeDer(der, { maxBytes: MAX_BYTES }), CertificationRequest);
  const { certificationRequestInfo: info, certificationRequestInfoRaw: signed } = request;
  if (signed === undefined) throw new Error('it has no content');
  const publicKey = createPublicKey({
    key: Buffer.from(encodeDer(info.subjectPKInfo)),
    format: 'der',
    type: 'spki',
  });
  const wanted = info.attributes.find(({ type }) => type === EXTENSION_REQUEST)?.values[0];
  return {
    commonName: commonNameOf(info.subject),
    publicKey,
    signature: checkSignature(publicKey, {
      signed: bytesOf(signed),
      algorithm: request.signatureAlgorithm,
      signature: bytesOf(request.signature),
    }),
    ...alternativeNames(wanted === undefined ? [] : parseDer(bytesOf(wanted), Extensions)),
  };
}

function commonNameOf(subject: Name): string | null {
  const found = subject.flat().filter(({ type }: AttributeTypeAndValue) => type === COMMON_NAME);
  return found.length === 1 ? (found[0]?.value.toString() ?? null) : null;
}

function alternativeNames(extensions: Extensions): Pick<CertificateRequest, 'dnsNames' | 'ipAddresses'> {
  const value = extensions.find(({ extnID }) => extnID === id_ce_subjectAltName)?.extnValue;
  const names = value === undefined ? [] : parseDer(bytesOf(value.buffer), SubjectAlternativeName);
  return {
    dnsNames: names.map(({ dNSName }) => dNSName).filter((name) => name !== undefined),
    ipAddresses: names.map(({ iPAddress }) => iPAddress).filter((address) => address !== undefined),
  };
}
