import { randomBytes } from 'node:crypto';
import { good, send, type Scenario } from './hostile-answers.ts';

/** What is no answer, and servers that behave badly. */
export const exchangeScenarios: readonly Scenario[] = [
  ['no body', 'unknown', /no OCSPResponse/, send(() => Buffer.alloc(0))],
  ['DER cut off', 'unknown', /no OCSPResponse/, send((scene) => good(scene).subarray(0, 90))],
  [
    'bytes after the end',
    'unknown',
    /no OCSPResponse/,
    send((scene) => Buffer.concat([good(scene), Buffer.from('more')])),
  ],
  ['random bytes', 'unknown', /no OCSPResponse/, send(() => randomBytes(600))],
  ['the question itself', 'unknown', /no OCSPResponse/, send(({ question }) => question.body)],
  [
    'ASN.1 that is nested 5,000 deep',
    'unknown',
    /no OCSPResponse/,
    send(() => Buffer.alloc(10_000, Buffer.from([0x30, 0x80]))),
  ],
  ['a length of 4 GB', 'unknown', /no OCSPResponse/, send(() => Buffer.from('3084ffffffff0a0100', 'hex'))],
  [
    '15 kB of empty sequences',
    'unknown',
    /no OCSPResponse/,
    send(() =>
      Buffer.concat([Buffer.from([0x30, 0x82, 0x3a, 0x98]), Buffer.alloc(15_000, Buffer.from([0x30, 0]))]),
    ),
  ],
  ['more than may come', 'unknown', /over the limit/, send(() => Buffer.alloc(200_000))],

  ['headers that do not come', 'unknown', /within 1500 ms/, () => undefined],
  [
    'a body that does not come',
    'unknown',
    /rest of its answer within 1500 ms/,
    ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/ocsp-response', 'content-length': '500' });
      response.write('0');
    },
  ],
  [
    'a body shorter than it says',
    'unknown',
    /./,
    ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/ocsp-response', 'content-length': '500' });
      response.write('0', () => response.destroy());
    },
  ],
  [
    'a page of HTML',
    'unknown',
    /text\/html/,
    ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Welcome to the hotel</p>');
    },
  ],
  [
    'an answer of the wrong media type',
    'unknown',
    /text\/plain/,
    (scene) => {
      scene.response.writeHead(200, { 'content-type': 'text/plain' }).end(good(scene));
    },
  ],
  [
    'no media type',
    'unknown',
    /nothing/,
    (scene) => {
      scene.response.writeHead(200).end(good(scene));
    },
  ],
  [
    'HTTP 404',
    'unknown',
    /HTTP 404/,
    ({ response }) => {
      response.writeHead(404).end();
    },
  ],
  [
    'HTTP 503 with a good answer',
    'unknown',
    /HTTP 503/,
    (scene) => {
      scene.response.writeHead(503, { 'content-type': 'application/ocsp-response' }).end(good(scene));
    },
  ],
  [
    'a redirect to the metadata service',
    'unknown',
    /metadata service/,
    ({ response }) => {
      response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
    },
  ],
  [
    'a redirect to a private address',
    'unknown',
    /private network/,
    ({ response }) => {
      response.writeHead(308, { location: 'http://10.0.0.1/' }).end();
    },
  ],
  [
    'a redirect to itself',
    'unknown',
    /redirects more than 2 times/,
    ({ question, response }) => {
      response.writeHead(307, { location: question.path }).end();
    },
  ],
  [
    'a redirect to a file',
    'unknown',
    /redirects/,
    ({ response }) => {
      response.writeHead(307, { location: 'file:///etc/passwd' }).end();
    },
  ],
  [
    'a connection that is reset',
    'unknown',
    /ended the connection/,
    ({ response }) => {
      response.socket?.resetAndDestroy();
    },
  ],
  [
    'something that is no HTTP',
    'unknown',
    /./,
    ({ response }) => {
      response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n');
    },
  ],
];
