import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createCertificateAuthority } from './certificate-authority.ts';

test('a server certificate is signed by the authority and names its hosts', async () => {
  const authority = await createCertificateAuthority();
  const issued = await authority.issueServerCertificate({
    commonName: 'localhost',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1', '::1'],
  });
  const root = new X509Certificate(authority.certificatePem);
  const certificate = new X509Certificate(issued.certificatePem);

  expect(certificate.verify(root.publicKey)).toBe(true);
  expect(certificate.checkIssued(root)).toBe(true);
  expect(certificate.checkHost('localhost')).toBe('localhost');
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(certificate.checkPrivateKey(createPrivateKey(issued.privateKeyPem))).toBe(true);
  expect(certificate.ca).toBe(false);
  expect(root.ca).toBe(true);
});

test('zero days make a certificate that has expired', async () => {
  const authority = await createCertificateAuthority();
  const { certificatePem } = await authority.issueClientCertificate({
    commonName: 'CN, with = signs',
    days: 0,
  });
  const certificate = new X509Certificate(certificatePem);
  expect(new Date(certificate.validTo).getTime()).toBeLessThanOrEqual(Date.now());
  expect(certificate.subject).toBe('CN=CN\\, with = signs');
});
