import type { CertificateStatus } from '@gatehouse/contracts';
import {
  signRevocationList,
  TestAuthority,
  type RevocationListContent,
  type RevocationListSigner,
  type TestCertificate,
} from '@gatehouse/pki';
import { OctetString } from '@peculiar/asn1-schema';
import { Extension } from '@peculiar/asn1-x509';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  inMinutes,
  startTestResponder,
  statementOn,
  responding,
  type TestResponder,
} from '../testing/test-responder.ts';
import { listReader, startVerdicts } from '../testing/test-ocsp.ts';

const root = TestAuthority.createRoot({ commonName: 'Device root' });
const impostor = TestAuthority.createRoot({ commonName: 'Device root' });
const otherRoot = TestAuthority.createRoot({ commonName: 'Other root' });
const isNoSigner = TestAuthority.createRoot({ commonName: 'No CRLs', keyUsages: ['keyCertSign'] });

let host: TestResponder;
let lists = 0;
beforeAll(async () => {
  host = await startTestResponder();
  const { raw } = root.certificate;
  await listReader.read({ der: Buffer.alloc(0), certificate: raw, issuer: raw, clockSkewMs: 0 });
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
  await listReader.onModuleDestroy();
});
beforeEach(() => {
  host.questions.length = 0;
});

/** Each case has a URL of its own, so none finds the list of another. */
function newDevice(rest: { ocspUrl?: string } = {}, issuer = root): TestCertificate {
  lists += 1;
  return issuer.issueClient({ crlUrl: `${host.url}/${lists}.crl`, ...rest });
}

function listWith(
  entries: RevocationListContent['entries'],
  rest: Partial<RevocationListContent> = {},
  signer: RevocationListSigner = root,
): Uint8Array {
  const content = { number: 7, thisUpdate: inMinutes(-1), nextUpdate: inMinutes(60), entries, ...rest };
  return signRevocationList(signer, content);
}

const serve = (der: Uint8Array): void => {
  host.behaviour.answer = (_question, response) => {
    response.writeHead(200, { 'content-type': 'application/pkix-crl' }).end(der);
  };
};
const serialOf = ({ certificate }: TestCertificate): string => certificate.serialNumber.toLowerCase();
const entryOf = (device: TestCertificate) => ({
  serialNumber: serialOf(device),
  revokedAt: new Date('2026-11-01T10:00:00Z'),
  reason: 'keyCompromise' as const,
});
const criticalExtension = (extnID: string, value: readonly number[]): Extension =>
  new Extension({ extnID, critical: true, extnValue: new OctetString(Uint8Array.from(value).buffer) });

const distributionPoint = (uri: string): Extension => {
  const bytes = Buffer.from(uri);
  const { length } = bytes;
  const name = [0xa0, length + 4, 0xa0, length + 2, 0x86, length, ...bytes];
  return criticalExtension('2.5.29.28', [0x30, name.length, ...name]);
};

type Case = readonly [
  title: string,
  status: CertificateStatus['status'],
  why: RegExp | undefined,
  list: (device: TestCertificate) => Uint8Array,
];
const cases: readonly Case[] = [
  ['a list without it', 'good', undefined, () => listWith([entryOf(newDevice())])],
  ['an empty list', 'good', undefined, () => listWith([])],
  ['a list with it', 'revoked', undefined, (device) => listWith([entryOf(newDevice()), entryOf(device)])],
  ['a list of another authority', 'unknown', /another issuer/, () => listWith([], {}, otherRoot)],
  ['a list of an impostor', 'unknown', /signature/, () => listWith([], {}, impostor)],
  ['a list signed with SHA-1', 'unknown', /SHA-1/, () => listWith([], {}, { ...rootSigner, hash: 'sha1' })],
  [
    'a list that has ended',
    'unknown',
    /out of date/,
    () => listWith([], { thisUpdate: inMinutes(-90), nextUpdate: inMinutes(-30) }),
  ],
  [
    'a list that ended a moment ago',
    'unknown',
    /out of date/,
    () => listWith([], { thisUpdate: inMinutes(-90), nextUpdate: inMinutes(-0.1) }),
  ],
  ['a list of the future', 'unknown', /future/, () => listWith([], { thisUpdate: inMinutes(30) })],
  [
    'a list without an end',
    'unknown',
    /next one/,
    () => signRevocationList(root, { number: 1, thisUpdate: inMinutes(-1), entries: [] }),
  ],
  [
    'a delta CRL',
    'unknown',
    /delta CRL/,
    () => listWith([], { moreExtensions: [criticalExtension('2.5.29.27', [2, 1, 1])] }),
  ],
  [
    'a critical extension that nobody knows',
    'unknown',
    /1\.2\.3\.4/,
    () => listWith([], { moreExtensions: [criticalExtension('1.2.3.4', [5, 0])] }),
  ],
  [
    'a list of authorities alone',
    'unknown',
    /other certificates/,
    () => listWith([], { moreExtensions: [criticalExtension('2.5.29.28', [0x30, 3, 0x82, 1, 0xff])] }),
  ],
  [
    'a list of end-entity certificates alone',
    'good',
    undefined,
    () => listWith([], { moreExtensions: [criticalExtension('2.5.29.28', [0x30, 3, 0x81, 1, 0xff])] }),
  ],
  [
    'the list of its distribution point, without it',
    'good',
    undefined,
    () => listWith([], { moreExtensions: [distributionPoint(`${host.url}/${lists}.crl`)] }),
  ],
  [
    'the list of its distribution point, with it',
    'revoked',
    undefined,
    (device) =>
      listWith([entryOf(device)], { moreExtensions: [distributionPoint(`${host.url}/${lists}.crl`)] }),
  ],
  [
    'the list of another distribution point',
    'unknown',
    /another distribution point/,
    () => listWith([], { moreExtensions: [distributionPoint(`${host.url}/other.crl`)] }),
  ],
  [
    'an indirect list',
    'unknown',
    /other certificates/,
    () => listWith([], { moreExtensions: [criticalExtension('2.5.29.28', [0x30, 3, 0x84, 1, 0xff])] }),
  ],
  ['no list', 'unknown', /no certificate revocation list/, () => Buffer.from('<html>')],
  ['a list cut off', 'unknown', /no certificate revocation list/, () => listWith([]).subarray(0, 100)],
  [
    'bytes after the end',
    'unknown',
    /no certificate revocation list/,
    () => Buffer.concat([listWith([]), Buffer.alloc(1)]),
  ],
  ['more than may come', 'unknown', /over the limit/, () => Buffer.alloc(300_000)],
];
const rootSigner: RevocationListSigner = { certificate: root.certificate, key: root.key };

test.each(cases)('%s: %s', async (_title, status, why, list) => {
  await using ocsp = startVerdicts({ OCSP_CRL_MAX_BYTES: '200000', OCSP_TOTAL_TIMEOUT_MS: '5000' });
  const device = newDevice();
  serve(list(device));
  const reply = await ocsp.judge(device, root);
  expect(reply).toMatchObject({ status, ...(status === 'unknown' ? {} : { source: 'crl' }) });
  if (reply.status === 'unknown') expect(reply.reason).toMatch(why ?? /./);
  if (reply.status === 'revoked') {
    expect(reply).toMatchObject({
      revokedAt: '2026-11-01T10:00:00.000Z',
      reason: 'keyCompromise',
      serialNumber: serialOf(device),
    });
  }
});

test('a list of an authority that may not sign lists is not used', async () => {
  await using ocsp = startVerdicts({ OCSP_TOTAL_TIMEOUT_MS: '5000' });
  const device = newDevice({}, isNoSigner);
  serve(listWith([], {}, isNoSigner));
  expect(await ocsp.judge(device, isNoSigner)).toMatchObject({
    status: 'unknown',
    reason: expect.stringMatching(/cRLSign/),
  });
});

test('the CRL is asked only when no responder gives an answer that can be used', async () => {
  await using ocsp = startVerdicts({ OCSP_TOTAL_TIMEOUT_MS: '5000' });
  await using responder = await startTestResponder();
  const answered = newDevice({ ocspUrl: responder.url });
  responder.behaviour.answer = responding(root, () => statementOn(answered, root));
  expect(await ocsp.judge(answered, root)).toMatchObject({ status: 'good', source: 'ocsp' });
  expect(host.questions).toHaveLength(0);

  const unknownThere = newDevice({ ocspUrl: responder.url });
  responder.behaviour.answer = responding(root, () => statementOn(unknownThere, root, { status: 'unknown' }));
  serve(listWith([entryOf(unknownThere)]));
  expect(await ocsp.judge(unknownThere, root)).toMatchObject({ status: 'revoked', source: 'crl' });

  const failing = newDevice({ ocspUrl: responder.url });
  responder.behaviour.answer = (_question, response) => void response.writeHead(500).end();
  serve(listWith([]));
  expect(await ocsp.judge(failing, root)).toMatchObject({ status: 'good', source: 'crl' });

  const nowhere = newDevice({ ocspUrl: responder.url });
  serve(Buffer.from('nothing'));
  expect(await ocsp.judge(nowhere, root)).toMatchObject({
    status: 'unknown',
    reason: expect.stringMatching(/HTTP 500.*; .*revocation list/),
  });
});

test('one list is fetched for all who need it at once, and used again', async () => {
  await using ocsp = startVerdicts({ OCSP_TOTAL_TIMEOUT_MS: '5000' });
  const crlUrl = `${host.url}/shared.crl`;
  const devices = Array.from({ length: 20 }, () => root.issueClient({ crlUrl }));
  serve(listWith(devices.slice(0, 5).map(entryOf)));
  const replies = await Promise.all(devices.map((device) => ocsp.judge(device, root)));
  expect(replies.map(({ status }) => status)).toEqual([
    ...Array.from({ length: 5 }, () => 'revoked'),
    ...Array.from({ length: 15 }, () => 'good'),
  ]);
  await ocsp.judge(root.issueClient({ crlUrl }), root);
  expect(host.questions).toHaveLength(1);
});

test('the list of one distribution point says nothing of certificates that name another beside it', async () => {
  await using ocsp = startVerdicts({ OCSP_TOTAL_TIMEOUT_MS: '5000' });
  const crlUrl = `${host.url}/points/1.crl`;
  serve(listWith([], { moreExtensions: [distributionPoint(crlUrl)] }));
  expect(await ocsp.judge(root.issueClient({ crlUrl }), root)).toMatchObject({ status: 'good' });
  expect(await ocsp.judge(root.issueClient({ crlUrl: `${crlUrl}?other` }), root)).toMatchObject({
    status: 'unknown',
  });
});

test('lists that were not used for longest make room', async () => {
  await using ocsp = startVerdicts({ OCSP_CRL_CACHE_ENTRIES: '2', OCSP_TOTAL_TIMEOUT_MS: '5000' });
  serve(listWith([]));
  const ask = (path: string) => ocsp.judge(root.issueClient({ crlUrl: `${host.url}/room/${path}` }), root);
  for (const path of ['a', 'b', 'a', 'c', 'a', 'b']) {
    await ask(path);
  }
  expect(host.questions.map(({ path }) => path.at(-1)).join('')).toBe('abcb');
});
