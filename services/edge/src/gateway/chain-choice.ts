import type { KeyObject } from 'node:crypto';
import type { ClientHello } from './client-hello.ts';

/** SignatureScheme codes (RFC 8446 §4.2.3) that a key can sign a handshake with. */
const RSA_PKCS1 = [0x0401, 0x0501, 0x0601];
const RSA_PSS_RSAE = [0x0804, 0x0805, 0x0806];
const RSA_PSS_PSS = [0x0809, 0x080a, 0x080b];
const ECDSA = [0x0403, 0x0503, 0x0603];

/** By OpenSSL's name: the scheme that TLS 1.3 ties to the curve, and the NamedGroup that TLS 1.2 asks for. */
const CURVES: Readonly<Record<string, { readonly scheme: number; readonly group: number }>> = {
  prime256v1: { scheme: 0x0403, group: 23 },
  secp384r1: { scheme: 0x0503, group: 24 },
  secp521r1: { scheme: 0x0603, group: 25 },
};

/** Cipher suites of TLS 1.2 that tls-context.ts offers, by the key that they sign with (RFC 5289, 7905, 7251). */
const ECDSA_SUITES = [0xc02b, 0xc02c, 0xcca9, 0xc0ac, 0xc0ad];
const RSA_SUITES = [0xc02f, 0xc030, 0xcca8];

/** Whether the client can verify a handshake that is signed with this key. */
export function canVerify(hello: ClientHello, key: KeyObject): boolean {
  return hello.offersTls13 ? verifiesInTls13(hello, key) : verifiesInTls12(hello, key);
}

function verifiesInTls13({ signatureSchemes }: ClientHello, key: KeyObject): boolean {
  return haveCommon(signatureSchemes, schemesOfTls13(key));
}

/** By type of key; the schemes of elliptic curves are those of their curve. */
const SCHEMES: Readonly<Record<string, readonly number[]>> = {
  rsa: RSA_PSS_RSAE,
  'rsa-pss': RSA_PSS_PSS,
  ed25519: [0x0807],
  ed448: [0x0808],
};
const SCHEMES_OF_TLS_1_2: Readonly<Record<string, readonly number[]>> = {
  ...SCHEMES,
  rsa: [...RSA_PKCS1, ...RSA_PSS_RSAE],
  ec: ECDSA,
};

function schemesOfTls13(key: KeyObject): readonly number[] {
  const curve = curveOf(key);
  return curve === undefined ? (SCHEMES[key.asymmetricKeyType ?? ''] ?? []) : [curve.scheme];
}

function verifiesInTls12({ cipherSuites, signatureSchemes, groups }: ClientHello, key: KeyObject): boolean {
  const type = key.asymmetricKeyType ?? '';
  const suites = type.startsWith('rsa') ? RSA_SUITES : ECDSA_SUITES;
  const curve = curveOf(key);
  const hasCurve = curve === undefined || groups.length === 0 || groups.includes(curve.group);
  return (
    hasCurve &&
    haveCommon(cipherSuites, suites) &&
    haveCommon(signatureSchemes, SCHEMES_OF_TLS_1_2[type] ?? [])
  );
}

const curveOf = ({ asymmetricKeyDetails }: KeyObject): (typeof CURVES)[string] | undefined =>
  CURVES[asymmetricKeyDetails?.namedCurve ?? ''];

const haveCommon = (some: readonly number[], others: readonly number[]): boolean =>
  some.some((each) => others.includes(each));
