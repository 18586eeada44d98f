import { extensionOf, nameOf } from '@gatehouse/pki';
import {
  chain,
  changedDevice,
  permittedSubject,
  UNKNOWN_EXTENSION,
  type DeviceChain,
} from './device-chain.ts';
import type { HostileCertificates } from './hostile-certificates.ts';

/** Odd chains that count all the same. */
export function* oddCertificates({
  root,
  intermediate,
  foreign,
}: HostileCertificates): Generator<[what: string, chain: DeviceChain]> {
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
