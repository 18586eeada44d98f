import { sign, X509Certificate, type KeyObject } from 'node:crypto';
import { extensionOf, nameOf, TestAuthority, type TestCertificate } from '@gatehouse/pki';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  Certificate,
  Extension,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_nameConstraints,
  NameConstraints,
  type TBSCertificate,
  Version,
} from '@peculiar/asn1-x509';

const DAY_MS = 86_400_000;
const daysFromNow = (days: number): Date => new Date(Date.now() + days * DAY_MS);
const UNKNOWN_EXTENSION = '1.3.6.1.4.1.99999.1';

/** A chain as a device sends it, its own certificate first, with the key that it signs with. */
export interface DeviceChain {
  readonly cert: string;
  readonly key: string;
}

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

  /** Odd chains that count all the same. */
  *good(): Generator<[what: string, chain: DeviceChain]> {
    const { root, intermediate, foreign } = this;
    yield ['a certificate of the root', chain(root)];
    yield ['an intermediate', chain(intermediate)];
    yield [
      'three intermediates',
      chain(
        intermediate.createIntermediate({ commonName: 'second' }).createIntermediate({ commonName: 'third' }),
      ),
    ];
    yield ['the root sent too', chain(intermediate, {}, [root])];
    const crossed = foreign.createIntermediate({ commonName: 'Test intermediate', key: intermediate.key });
    yield ['an intermediate that another root has signed too', chain(intermediate, {}, [crossed, foreign])];
    const device = intermediate.issueClient();
    yield [
      'certificates that do not belong to the chain between those that do',
      {
        cert: device.certificatePem + foreign.certificatePem + intermediate.certificatePem,
        key: device.privateKeyPem,
      },
    ];
    for (const keyType of ['p384', 'rsa-2048', 'rsa-3072', 'ed25519'] as const) {
      yield [`a key of type ${keyType}`, chain(intermediate, { keyType })];
      yield [`an intermediate with a key of type ${keyType}`, chain(root.createIntermediate({ keyType }))];
    }
    yield ['no extended key usage', chain(intermediate, { extendedKeyUsages: undefined })];
    yield [
      'a certificate for clients and servers',
      chain(intermediate, { extendedKeyUsages: ['serverAuth', 'clientAuth'] }),
    ];
    yield [
      'names that are permitted',
      chain(root.createIntermediate({ permittedNames: { dnsNames: ['example.com'] } }), {
        dnsNames: ['pump.example.com'],
      }),
    ];
    yield [
      'a subject that is permitted',
      chain(root.createIntermediate({ moreExtensions: [permittedSubject('Example')] }), {
        subject: nameOf([{ O: ['Example'] }, { CN: ['pump-1'] }]),
      }),
    ];
    yield ['a path length that is kept', chain(root.createIntermediate({ pathLength: 0 }))];
    yield [
      'an unknown extension that is not critical',
      chain(intermediate, { moreExtensions: [extensionOf(UNKNOWN_EXTENSION, Buffer.of(5, 0))] }),
    ];
    yield [
      '2,000 DNS names',
      chain(intermediate, {
        dnsNames: Array.from({ length: 2_000 }, (_, index) => `pump-${index}.example.com`),
      }),
    ];
    yield [
      '64 kB',
      chain(intermediate, {
        moreExtensions: [
          extensionOf(UNKNOWN_EXTENSION, Buffer.concat([Buffer.of(4, 0x82, 0xf0, 0), Buffer.alloc(0xf000)])),
        ],
      }),
    ];
    yield [
      'a serial number of 40 bytes',
      changedDevice(
        intermediate,
        (tbs) => void (tbs.serialNumber = Uint8Array.from(Buffer.alloc(40, 0x7f)).buffer),
      ),
    ];
    yield [
      'a negative serial number',
      changedDevice(intermediate, (tbs) => void (tbs.serialNumber = Uint8Array.of(0x80, 1).buffer)),
    ];
    yield [
      'the serial number 0',
      changedDevice(intermediate, (tbs) => void (tbs.serialNumber = Uint8Array.of(0).buffer)),
    ];
    yield ['an empty subject', chain(intermediate, { subject: nameOf([]) })];
    yield ['a common name with NUL', chain(intermediate, { commonName: 'pump-1\u0000.example.com' })];
  }
}

function chain(
  authority: TestAuthority,
  request: Parameters<TestAuthority['issueClient']>[0] = {},
  more: readonly TestCertificate[] = [],
): DeviceChain {
  const issued = authority.issueClient({ commonName: 'pump-1', ...request });
  const above = more.map(({ certificatePem }) => certificatePem).join('');
  return { cert: chainWithoutRoot(authority, issued) + above, key: issued.privateKeyPem };
}

/** As TestAuthority.chainPem, for authorities that are roots too. */
const chainWithoutRoot = (authority: TestAuthority, issued: TestCertificate): string =>
  authority.chainPem(issued);

function selfSigned(commonName: string): DeviceChain {
  const { certificatePem, privateKeyPem } = TestAuthority.createRoot({
    commonName,
    isAuthority: false,
    keyUsages: ['digitalSignature'],
  });
  return { cert: certificatePem, key: privateKeyPem };
}

function changedDevice(authority: TestAuthority, change: (tbs: TBSCertificate) => void): DeviceChain {
  const device = authority.issueClient({ commonName: 'pump-1' });
  const changed = changedCertificate(device.certificate, authority.key, change);
  return { cert: changed.toString() + authority.certificatePem, key: device.privateKeyPem };
}

/** Signed again by the same issuer, with SHA-256. */
function changedCertificate(
  certificate: X509Certificate,
  issuerKey: KeyObject,
  change: (tbs: TBSCertificate) => void,
): X509Certificate {
  const parsed = AsnConvert.parse(certificate.raw, Certificate);
  change(parsed.tbsCertificate);
  const signed = Buffer.from(AsnConvert.serialize(parsed.tbsCertificate));
  parsed.signatureValue = Uint8Array.from(sign('sha256', signed, issuerKey)).buffer;
  return new X509Certificate(Buffer.from(AsnConvert.serialize(parsed)));
}

function spoiled(certificate: X509Certificate): string {
  const der = Buffer.from(certificate.raw);
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  return new X509Certificate(der).toString();
}

/** Only subjects of this organization. */
function permittedSubject(organization: string): Extension {
  const base = new GeneralName({ directoryName: nameOf([{ O: [organization] }]) });
  const constraints = new NameConstraints({
    permittedSubtrees: new GeneralSubtrees([new GeneralSubtree({ base })]),
  });
  return new Extension({
    extnID: id_ce_nameConstraints,
    critical: true,
    extnValue: new OctetString(AsnConvert.serialize(constraints)),
  });
}
