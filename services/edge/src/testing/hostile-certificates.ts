import { extensionOf, nameOf, TestAuthority } from '@gatehouse/pki';
import { AlgorithmIdentifier, type TBSCertificate, Version } from '@peculiar/asn1-x509';
import {
  chain,
  changedCertificate,
  permittedSubject,
  selfSigned,
  spoiled,
  UNKNOWN_EXTENSION,
  type DeviceChain,
} from './device-chain.ts';

const DAY_MS = 86_400_000;
const daysFromNow = (days: number): Date => new Date(Date.now() + days * DAY_MS);

/** Authorities of one gateway, and what can go wrong below them. */
export class HostileCertificates {
  readonly root = TestAuthority.createRoot({ commonName: 'device root' });
  readonly intermediate = this.root.createIntermediate();
  readonly expiredRoot = TestAuthority.createRoot({
    commonName: 'old root',
    notBefore: daysFromNow(-9),
    notAfter: daysFromNow(-1),
  });
  readonly foreign = TestAuthority.createRoot({ commonName: 'foreign root' });

  /** What the gateway is given as its device roots. */
  get deviceRoots(): string {
    return this.root.certificatePem + this.expiredRoot.certificatePem;
  }

  /**
   * Chains that do not count, each with the reason of its record. One that OpenSSL cannot make sense of is
   * either invalid or has no issuer.
   */
  *bad(): Generator<[what: string, chain: DeviceChain, reason: string | RegExp]> {
    const { root, intermediate } = this;
    yield* this.#badTimes();
    yield* this.#badUsages();
    yield* this.#badNames();
    yield* this.#badIssuers();
    yield* this.#badSignatures();
    const odd = extensionOf(UNKNOWN_EXTENSION, Buffer.of(5, 0), true);
    yield [
      'an unknown critical extension',
      chain(intermediate, { moreExtensions: [odd] }),
      'certificate-invalid',
    ];
    yield [
      'an intermediate with an unknown critical extension',
      chain(root.createIntermediate({ moreExtensions: [odd] })),
      'certificate-invalid',
    ];
    const twice = extensionOf('2.5.29.37', Buffer.from('300a06082b06010505070302', 'hex'));
    yield [
      'an extension that is there twice',
      chain(intermediate, { moreExtensions: [twice] }),
      /^(certificate-invalid|unknown-ca)$/,
    ];
    const broken = extensionOf('2.5.29.17', Buffer.from('ff', 'hex'), true);
    yield [
      'a critical extension that cannot be read',
      chain(intermediate, { moreExtensions: [broken] }),
      /^(certificate-invalid|unknown-ca)$/,
    ];
  }

  *#badTimes(): Generator<[string, DeviceChain, string]> {
    const { root, intermediate, expiredRoot } = this;
    const past = { notBefore: daysFromNow(-3), notAfter: daysFromNow(-1) };
    const future = { notBefore: daysFromNow(1), notAfter: daysFromNow(3) };
    yield ['an expired certificate', chain(intermediate, past), 'certificate-expired'];
    yield ['an expired intermediate', chain(root.createIntermediate(past)), 'certificate-expired'];
    yield ['an expired root', chain(expiredRoot), 'certificate-expired'];
    yield ['a certificate that is not valid yet', chain(intermediate, future), 'certificate-not-yet-valid'];
    yield [
      'an intermediate that is not valid yet',
      chain(root.createIntermediate(future)),
      'certificate-not-yet-valid',
    ];
    const turned = { notBefore: daysFromNow(-1), notAfter: daysFromNow(-2) };
    yield ['a validity that ends before it begins', chain(intermediate, turned), 'certificate-expired'];
  }

  *#badUsages(): Generator<[string, DeviceChain, string]> {
    const { root, intermediate } = this;
    const purpose = 'certificate-purpose';
    yield ['a certificate for servers', chain(intermediate, { extendedKeyUsages: ['serverAuth'] }), purpose];
    yield [
      'a certificate for OCSP responders',
      chain(intermediate, { extendedKeyUsages: ['ocspSigning'] }),
      purpose,
    ];
    yield [
      'an intermediate for servers',
      chain(root.createIntermediate({ extendedKeyUsages: ['serverAuth'] })),
      purpose,
    ];
    yield ['a key that may only encipher', chain(intermediate, { keyUsages: ['keyEncipherment'] }), purpose];
    yield [
      'a key that may only sign certificates',
      chain(intermediate, { keyUsages: ['keyCertSign'] }),
      purpose,
    ];
    yield [
      'an intermediate that is no authority',
      chain(root.createIntermediate({ isAuthority: false })),
      'certificate-purpose',
    ];
    yield [
      'an intermediate without basic constraints',
      chain(root.createIntermediate({ isAuthority: undefined })),
      'certificate-invalid',
    ];
    yield [
      'an intermediate that may not sign certificates',
      chain(root.createIntermediate({ keyUsages: ['digitalSignature', 'cRLSign'] })),
      'certificate-invalid',
    ];
    yield [
      'an intermediate of X.509 version 1',
      this.#throughChanged((tbs) => {
        tbs.version = Version.v1;
        delete tbs.extensions;
      }),
      'certificate-purpose',
    ];
    const end = root.createIntermediate({ pathLength: 0 });
    yield [
      'more intermediates than a path length of 0 allows',
      chain(end.createIntermediate({ commonName: 'lower' })),
      'certificate-invalid',
    ];
    const one = root.createIntermediate({ pathLength: 1 }).createIntermediate({ commonName: 'lower' });
    yield [
      'more intermediates than a path length of 1 allows',
      chain(one.createIntermediate({ commonName: 'lowest' })),
      'certificate-invalid',
    ];
    const device = intermediate.issueClient({ commonName: 'device as issuer' });
    const below = TestAuthority.createRoot({
      commonName: 'device as issuer',
      key: device.key,
      isAuthority: false,
    }).issueClient();
    yield [
      'a certificate that a device issued',
      { cert: below.certificatePem + intermediate.chainPem(device), key: below.privateKeyPem },
      'certificate-invalid',
    ];
  }

  *#badNames(): Generator<[string, DeviceChain, string]> {
    const { root } = this;
    const permitted = root.createIntermediate({ permittedNames: { dnsNames: ['example.com'] } });
    yield [
      'a DNS name that is not permitted',
      chain(permitted, { dnsNames: ['pump.example.org'] }),
      'certificate-invalid',
    ];
    const excluded = root.createIntermediate({ excludedNames: { dnsNames: ['example.org'] } });
    yield [
      'a DNS name that is excluded',
      chain(excluded, { dnsNames: ['pump.example.org'] }),
      'certificate-invalid',
    ];
    const addresses = root.createIntermediate({ permittedNames: { ipAddresses: ['10.0.0.0/8'] } });
    yield [
      'an address that is not permitted',
      chain(addresses, { ipAddresses: ['192.0.2.1'] }),
      'certificate-invalid',
    ];
    const named = root.createIntermediate({ moreExtensions: [permittedSubject('Example')] });
    const subject = nameOf([{ O: ['Elsewhere'] }, { CN: ['pump-1'] }]);
    yield ['a subject that is not permitted', chain(named, { subject }), 'certificate-invalid'];
  }

  *#badIssuers(): Generator<[string, DeviceChain, string]> {
    const { root, intermediate, foreign } = this;
    const unknown = 'unknown-ca';
    yield ['a certificate of another root', chain(foreign), unknown];
    yield ['a certificate of another root, which is sent too', chain(foreign, {}, [foreign]), unknown];
    const twin = TestAuthority.createRoot({ commonName: 'device root' });
    yield ['a certificate of another root of the same name', chain(twin), unknown];
    yield ['the same, and the other root is sent too', chain(twin, {}, [twin]), unknown];
    yield [
      'an intermediate of another root of the same name',
      chain(twin.createIntermediate(), {}, [twin]),
      unknown,
    ];
    const alone = intermediate.issueClient();
    yield ['no intermediate', { cert: alone.certificatePem, key: alone.privateKeyPem }, unknown];
    const second = intermediate.createIntermediate({ commonName: 'second intermediate' });
    const far = second.issueClient();
    yield [
      'the upper of two intermediates only',
      { cert: far.certificatePem + intermediate.certificatePem, key: far.privateKeyPem },
      unknown,
    ];
    yield ['a self-signed certificate', selfSigned('pump-1'), unknown];
    yield ['a self-signed certificate of the name of the root', selfSigned('device root'), unknown];
    const loop = TestAuthority.createRoot({ commonName: 'loop b' });
    const inner = loop.createIntermediate({ commonName: 'loop a' });
    const back = TestAuthority.createRoot({ commonName: 'loop a', key: inner.key }).createIntermediate({
      commonName: 'loop b',
      key: loop.key,
    });
    yield ['two intermediates that issued each other', chain(inner, {}, [back]), unknown];
    const wrongParent = root.createIntermediate({ commonName: 'device root' });
    yield [
      'the right root under a foreign name',
      chain(TestAuthority.createRoot({ commonName: 'nobody', key: wrongParent.key })),
      unknown,
    ];
  }

  *#badSignatures(): Generator<[string, DeviceChain, string]> {
    const { root, intermediate } = this;
    const device = intermediate.issueClient();
    yield [
      'a signature of other bytes',
      { cert: spoiled(device.certificate) + intermediate.certificatePem, key: device.privateKeyPem },
      'certificate-invalid',
    ];
    yield [
      'an intermediate with a signature of other bytes',
      { cert: device.certificatePem + spoiled(intermediate.certificate), key: device.privateKeyPem },
      'certificate-invalid',
    ];
    yield ['a signature with SHA-1', chain(intermediate, { hash: 'sha1' }), 'certificate-invalid'];
    yield [
      'an intermediate that is signed with SHA-1',
      chain(root.createIntermediate({ hash: 'sha1' })),
      'certificate-invalid',
    ];
    yield ['a key of RSA 1024', chain(intermediate, { keyType: 'rsa-1024' }), 'certificate-invalid'];
    yield [
      'an intermediate with a key of RSA 1024',
      chain(root.createIntermediate({ keyType: 'rsa-1024' })),
      'certificate-invalid',
    ];
    yield [
      'one algorithm inside and another outside',
      this.#throughChanged((tbs) => {
        tbs.signature = new AlgorithmIdentifier({ algorithm: '1.2.840.10045.4.3.3' });
      }),
      'certificate-invalid',
    ];
  }

  /** A chain by an intermediate that says something else, properly signed. */
  #throughChanged(change: (tbs: TBSCertificate) => void): DeviceChain {
    const intermediate = this.root.createIntermediate({ commonName: 'changed intermediate' });
    const device = intermediate.issueClient();
    const changed = changedCertificate(intermediate.certificate, this.root.key, change);
    return { cert: device.certificatePem + changed.toString(), key: device.privateKeyPem };
  }
}
