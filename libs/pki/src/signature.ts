import { sign, verify, constants, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto';
import { id_RSASSA_PSS, RsaSaPssParams } from '@peculiar/asn1-rsa';
import { AlgorithmIdentifier } from '@peculiar/asn1-x509';
import { bytesOf, parseDer } from './der.ts';
import { SigningKeyUnsupported } from './pki.failures.ts';

export type SignatureHash = 'sha1' | 'sha256' | 'sha384' | 'sha512';
type KeyType = 'rsa' | 'ec' | 'ed25519';

interface SignatureAlgorithm {
  readonly keyType: KeyType;
  /** Null where the algorithm has its own (Ed25519). */
  readonly hash: SignatureHash | 'md5' | null;
}

/** RFC 8017, RFC 5758, RFC 8410. */
const ALGORITHMS: Readonly<Record<string, SignatureAlgorithm>> = {
  '1.2.840.113549.1.1.4': { keyType: 'rsa', hash: 'md5' },
  '1.2.840.113549.1.1.5': { keyType: 'rsa', hash: 'sha1' },
  '1.2.840.113549.1.1.11': { keyType: 'rsa', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { keyType: 'rsa', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { keyType: 'rsa', hash: 'sha512' },
  '1.2.840.10045.4.1': { keyType: 'ec', hash: 'sha1' },
  '1.2.840.10045.4.3.2': { keyType: 'ec', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { keyType: 'ec', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { keyType: 'ec', hash: 'sha512' },
  '1.3.101.112': { keyType: 'ed25519', hash: null },
};

/** OIDs of the hashes that RSASSA-PSS names in its parameters. */
const PSS_HASHES: Readonly<Record<string, SignatureHash>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** `weak`: MD5, SHA-1 or RSA under 2048 bits, whoever made it; never looked at further. */
export type SignatureVerdict = 'valid' | 'invalid' | 'weak' | 'unsupported';

const MIN_RSA_BITS = 2_048;

export interface SignedBytes {
  readonly signed: Uint8Array;
  readonly algorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
}

export function checkSignature(
  key: KeyObject,
  { signed, algorithm, signature }: SignedBytes,
): SignatureVerdict {
  const known = ALGORITHMS[algorithm.algorithm];
  const isPss = algorithm.algorithm === id_RSASSA_PSS;
  const hash = isPss ? pssHashOf(algorithm) : known?.hash;
  if (hash === undefined) return 'unsupported';
  if (hash === 'md5' || hash === 'sha1' || isWeakKey(key)) return 'weak';
  const keyType = key.asymmetricKeyType;
  if (isPss ? keyType !== 'rsa' && keyType !== 'rsa-pss' : keyType !== known?.keyType) return 'invalid';
  const input: VerifyKeyObjectInput = isPss
    ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
    : { key };
  try {
    return verify(hash, signed, input, signature) ? 'valid' : 'invalid';
  } catch {
    return 'invalid';
  }
}

export function isWeakKey(key: KeyObject): boolean {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  return bits !== undefined && bits < MIN_RSA_BITS;
}

function pssHashOf({ parameters }: AlgorithmIdentifier): SignatureHash | undefined {
  if (parameters === undefined || parameters === null) return 'sha1';
  try {
    return PSS_HASHES[parseDer(bytesOf(parameters), RsaSaPssParams).hashAlgorithm.algorithm];
  } catch {
    return undefined;
  }
}

/** What signs: a private key with the hash that goes with it. */
export interface Signer {
  readonly key: KeyObject;
  /** By default the one that fits the key: SHA-384 for P-384, SHA-512 for P-521, else SHA-256. */
  readonly hash?: SignatureHash;
}

const DER_NULL = new Uint8Array([5, 0]).buffer;

/**
 * The algorithm that goes into what will be signed, as it stands beside the signature too.
 * Throws SigningKeyUnsupported.
 */
export function signatureAlgorithmOf(signer: Signer): AlgorithmIdentifier {
  const keyType = signer.key.asymmetricKeyType;
  const hash = keyType === 'ed25519' ? null : hashOf(signer);
  const found = Object.entries(ALGORITHMS).find(([, one]) => one.keyType === keyType && one.hash === hash);
  if (found === undefined) throw new SigningKeyUnsupported(keyType ?? 'secret');
  return new AlgorithmIdentifier({
    algorithm: found[0],
    ...(keyType === 'rsa' ? { parameters: DER_NULL } : {}),
  });
}

export function signBytes(signer: Signer, bytes: Uint8Array): ArrayBuffer {
  const hash = signer.key.asymmetricKeyType === 'ed25519' ? null : hashOf(signer);
  return new Uint8Array(sign(hash, bytes, signer.key)).buffer;
}

function hashOf({ key, hash }: Signer): SignatureHash {
  if (hash !== undefined) return hash;
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve === 'secp384r1') return 'sha384';
  return curve === 'secp521r1' ? 'sha512' : 'sha256';
}
