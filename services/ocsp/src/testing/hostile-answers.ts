import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { CertificateStatus } from '@gatehouse/contracts';
import {
  ocspRefusal,
  signOcspResponse,
  TestAuthority,
  type OcspResponder,
  type OcspResponseContent,
  type OcspStatement,
  type ReceivedOcspRequest,
  type TestCertificateRequest,
} from '@gatehouse/pki';
import { OctetString } from '@peculiar/asn1-schema';
import { Extension } from '@peculiar/asn1-x509';
import { expect } from 'vitest';
import { answerDer, honestAnswer, inMinutes, statementOn, type HttpQuestion } from './test-responder.ts';

export const root = TestAuthority.createRoot({ commonName: 'Device root' });
const otherRoot = TestAuthority.createRoot({ commonName: 'Other root' });
/** The same name, another key: what an attacker would make. */
const impostor = TestAuthority.createRoot({ commonName: 'Device root' });

export interface Scene {
  readonly statement: (rest?: Partial<OcspStatement>) => OcspStatement;
  readonly request: ReceivedOcspRequest;
  readonly question: HttpQuestion;
  readonly response: ServerResponse;
}
export type Scenario = readonly [
  title: string,
  verdict: CertificateStatus['status'],
  why: RegExp | undefined,
  answer: (scene: Scene) => void,
];

export const good = (scene: Scene, content: Partial<OcspResponseContent> = {}): Uint8Array =>
  honestAnswer(root, [scene.statement()], scene.request, content);

export const send =
  (make: (scene: Scene) => Uint8Array) =>
  (scene: Scene): void =>
    answerDer(scene.response, make(scene));

const signedBy =
  (signer: OcspResponder) =>
  (scene: Scene): void =>
    answerDer(
      scene.response,
      signOcspResponse(signer, {
        statements: [scene.statement()],
        producedAt: new Date(),
        nonce: scene.request.nonce ?? undefined,
      }),
    );

const said = (rest: Partial<OcspStatement>) =>
  send((scene) => honestAnswer(root, [scene.statement(rest)], scene.request));

const delegated = (request: Partial<TestCertificateRequest>, authority = root) =>
  signedBy(authority.issueResponder(request));

const refused = (status: Parameters<typeof ocspRefusal>[0]) => send(() => ocspRefusal(status));

/** The signature stands last when no certificate comes along. */
function withoutSignature(der: Uint8Array): Uint8Array {
  return Uint8Array.from(der).fill(0, der.length - 60);
}

/** A signature that is right for what was said before the change. */
function tampered(der: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array {
  const changed = Buffer.from(der);
  const at = changed.indexOf(from);
  expect(at).toBeGreaterThan(0);
  changed.set(to, at);
  return changed;
}

const other = root.issueClient({ commonName: 'another device' });
const responderOf = root.issueResponder();
const unknownExtension = new Extension({
  extnID: '1.2.3.4',
  critical: true,
  extnValue: new OctetString(new Uint8Array([5, 0]).buffer),
});

/** What responders say, honest ones first: each with the verdict that it deserves. */
export const answerScenarios: readonly Scenario[] = [
  ['an honest answer', 'good', undefined, send((scene) => good(scene))],
  ['an honest answer of a delegated responder', 'good', undefined, signedBy(responderOf)],
  [
    'an honest answer named by its subject',
    'good',
    undefined,
    signedBy({ ...root.responder, nameBy: 'name' }),
  ],
  ['an honest answer without a nonce', 'good', undefined, send((scene) => good(scene, { nonce: undefined }))],
  [
    'an answer about two certificates',
    'good',
    undefined,
    send((scene) =>
      honestAnswer(root, [statementOn(other, root, { status: 'revoked' }), scene.statement()], scene.request),
    ),
  ],
  [
    'two answers about one certificate that contradict each other',
    'revoked',
    undefined,
    send((scene) =>
      honestAnswer(root, [scene.statement(), scene.statement({ status: 'revoked' })], scene.request),
    ),
  ],
  ['a revocation', 'revoked', undefined, said({ status: 'revoked', revokedAt: inMinutes(-60) })],
  ['a certificate that the responder does not know', 'unknown', /does not know/, said({ status: 'unknown' })],

  ['a signature of zeros', 'unknown', /signature/, send((scene) => withoutSignature(good(scene)))],
  [
    'a status changed after signing',
    'unknown',
    /signature/,
    send((scene) => {
      const serial = Buffer.from(scene.statement().certificateId.serialNumber, 'hex');
      const theirs = Buffer.from(statementOn(other, root).certificateId.serialNumber, 'hex');
      const der = honestAnswer(root, [statementOn(other, root)], scene.request);
      return serial.length === theirs.length ? tampered(der, theirs, serial) : withoutSignature(good(scene));
    }),
  ],
  ['a signer whom nobody knows', 'unknown', /has signed it/, signedBy(otherRoot.responder)],
  [
    'a signer with the name of the issuer',
    'unknown',
    /signature/,
    signedBy({ ...impostor.responder, nameBy: 'name' }),
  ],
  [
    'a delegated signer without id-kp-OCSPSigning',
    'unknown',
    /id-kp-OCSPSigning/,
    delegated({ extendedKeyUsages: ['serverAuth'] }),
  ],
  [
    'a delegated signer with no extended key usage',
    'unknown',
    /id-kp-OCSPSigning/,
    delegated({ extendedKeyUsages: undefined }),
  ],
  [
    'a delegated signer that has expired',
    'unknown',
    /expired/,
    delegated({ notBefore: inMinutes(-600), notAfter: inMinutes(-60) }),
  ],
  [
    'a delegated signer that is not valid yet',
    'unknown',
    /not yet valid/,
    delegated({ notBefore: inMinutes(60) }),
  ],
  ['a delegated signer of another authority', 'unknown', /has not made/, delegated({}, otherRoot)],
  ['a delegated signer of an impostor', 'unknown', /not signed by the issuer/, delegated({}, impostor)],
  [
    'a delegated signer of an intermediate',
    'unknown',
    /has not made/,
    delegated({}, root.createIntermediate()),
  ],
  [
    'another device as the signer',
    'unknown',
    /id-kp-OCSPSigning/,
    signedBy({ ...other, embedded: [other.certificate] }),
  ],
  ['a signature with SHA-1', 'unknown', /SHA-1/, signedBy({ ...root.responder, hash: 'sha1' })],

  [
    'an answer that has ended',
    'unknown',
    /out of date/,
    said({ thisUpdate: inMinutes(-120), nextUpdate: inMinutes(-60) }),
  ],
  [
    'an answer that ended a moment ago',
    'unknown',
    /out of date/,
    said({ thisUpdate: inMinutes(-60), nextUpdate: inMinutes(-0.1) }),
  ],
  [
    'an old answer without an end',
    'unknown',
    /out of date/,
    said({ thisUpdate: inMinutes(-3_000), nextUpdate: undefined }),
  ],
  [
    'an answer of the future',
    'unknown',
    /future/,
    said({ thisUpdate: inMinutes(60), nextUpdate: inMinutes(120) }),
  ],
  [
    'an answer made in the future',
    'unknown',
    /future/,
    send((scene) => good(scene, { producedAt: inMinutes(60) })),
  ],
  [
    'an end before the beginning',
    'unknown',
    /before it begins/,
    said({ thisUpdate: inMinutes(0), nextUpdate: inMinutes(-5) }),
  ],

  [
    'an answer about another serial number',
    'unknown',
    /other certificates/,
    send((scene) => honestAnswer(root, [statementOn(other, root)], scene.request)),
  ],
  [
    'an answer about the same serial number of another issuer',
    'unknown',
    /other certificates/,
    send((scene) => {
      const { serialNumber } = scene.statement().certificateId;
      const theirs = statementOn(otherRoot.issueClient({ serialNumber }), otherRoot);
      return honestAnswer(root, [theirs], scene.request);
    }),
  ],
  [
    'a hash of the issuer that is none',
    'unknown',
    /other certificates/,
    said({
      certificateId: { ...statementOn(other, root).certificateId, issuerKeyHash: new Uint8Array(20) },
    }),
  ],
  [
    'a hash of another algorithm than it says',
    'unknown',
    /other certificates/,
    send((scene) => {
      const statement = scene.statement();
      return honestAnswer(root, [
        { ...statement, certificateId: { ...statement.certificateId, hash: 'sha256' } },
      ]);
    }),
  ],
  [
    'an empty list of answers',
    'unknown',
    /other certificates|no OCSPResponse/,
    send((scene) => honestAnswer(root, [], scene.request)),
  ],
  [
    'the nonce of another question',
    'unknown',
    /another request/,
    send((scene) => good(scene, { nonce: randomBytes(32) })),
  ],
  [
    'a nonce that begins as ours',
    'unknown',
    /another request/,
    send((scene) => good(scene, { nonce: scene.request.nonce?.slice(0, 16) ?? undefined })),
  ],
  [
    'a nonce of 4 kB',
    'unknown',
    /no OCSPResponse/,
    send((scene) => good(scene, { nonce: randomBytes(4_096) })),
  ],

  ['tryLater', 'unknown', /tryLater/, refused('tryLater')],
  ['internalError', 'unknown', /internalError/, refused('internalError')],
  ['malformedRequest', 'unknown', /malformedRequest/, refused('malformedRequest')],
  ['sigRequired', 'unknown', /sigRequired/, refused('sigRequired')],
  ['unauthorized', 'unknown', /unauthorized/, refused('unauthorized')],
  [
    'a status that does not exist',
    'unknown',
    /no OCSPResponse/,
    send(() => Buffer.from([0x30, 3, 0x0a, 1, 9])),
  ],
  ['success without an answer', 'unknown', /no OCSPResponse/, send(() => Buffer.from([0x30, 3, 0x0a, 1, 0]))],
  [
    'a critical extension that nobody knows',
    'unknown',
    /critical extension 1\.2\.3\.4/,
    send((scene) => good(scene, { extensions: [unknownExtension] })),
  ],
];
