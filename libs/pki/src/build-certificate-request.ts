import { createPublicKey, type KeyObject } from 'node:crypto';
import { Attributes, CertificationRequest, CertificationRequestInfo } from '@peculiar/asn1-csr';
import { Attribute, Extensions, Name } from '@peculiar/asn1-x509';
import { bufferOf, encodeDer } from './der.ts';
import { commonNameOnly } from './distinguished-name.ts';
import { extensionsToIssue, type NamesToIssue } from './extensions-to-issue.ts';
import { publicKeyInfo } from './issue-certificate.ts';
import { signatureAlgorithmOf, signBytes, type SignatureHash } from './signature.ts';

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

export interface CertificateRequestToBuild extends NamesToIssue {
  /** Null: an empty subject. */
  readonly commonName: string | null;
  /** Private. */
  readonly key: KeyObject;
  readonly hash?: SignatureHash;
  /** Instead of the one that signs, for requests that prove nothing. */
  readonly publicKey?: KeyObject;
}

/** PKCS #10 in PEM (RFC 2986). Throws SigningKeyUnsupported. */
export function buildCertificateRequest(wanted: CertificateRequestToBuild): string {
  const signer = { key: wanted.key, ...(wanted.hash === undefined ? {} : { hash: wanted.hash }) };
  const extensions = extensionsToIssue({ dnsNames: wanted.dnsNames, ipAddresses: wanted.ipAddresses });
  const info = new CertificationRequestInfo({
    subject: wanted.commonName === null ? new Name() : commonNameOnly(wanted.commonName),
    subjectPKInfo: publicKeyInfo(wanted.publicKey ?? createPublicKey(wanted.key)),
    attributes: new Attributes(
      extensions.length === 0
        ? []
        : [
            new Attribute({
              type: EXTENSION_REQUEST,
              values: [bufferOf(encodeDer(new Extensions(extensions)))],
            }),
          ],
    ),
  });
  const der = encodeDer(
    new CertificationRequest({
      certificationRequestInfo: info,
      signatureAlgorithm: signatureAlgorithmOf(signer),
      signature: signBytes(signer, encodeDer(info)),
    }),
  );
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`;
}
