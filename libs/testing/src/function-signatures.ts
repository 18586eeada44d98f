import { createHash, createHmac } from 'node:crypto';
import type { ReceivedRequest } from './https-server.ts';

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  /** Of a temporary key, which is worth nothing without it. */
  readonly securityToken?: string;
}

/** What the service answers to a request that is not signed as it wants; undefined: it is. */
export type SignatureCheck = (request: ReceivedRequest, accessKey: AccessKey) => object | undefined;

const CLOCK_SKEW_MS = 900_000;
const isFresh = (date: unknown): boolean => Math.abs(Date.parse(String(date)) - Date.now()) < CLOCK_SKEW_MS;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = ({ secret }: AccessKey, text: string) => createHmac('sha256', secret).update(text);

// What the services themselves check, written from their documentation and not with their SDKs.

/** Function Compute 2.0: header `Authorization: FC <id>:<signature>`. */
export const checkFunctionCompute2: SignatureCheck = ({ method, path, headers, body }, accessKey) => {
  const canonicalHeaders = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-fc-'))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${String(value)}\n`)
    .join('');
  const signed = [method, headers['content-md5'], headers['content-type'], headers.date];
  const stringToSign = `${signed.join('\n')}\n${canonicalHeaders}${path}`;
  const signature = hmac(accessKey, stringToSign).digest('base64');
  const md5 = Buffer.from(createHash('md5').update(body).digest('hex')).toString('base64');
  if (headers['x-fc-account-id'] !== '127') return { ErrorCode: 'AccountNotFound', ErrorMessage: 'no' };
  if (headers.authorization?.startsWith(`FC ${accessKey.id}:`) !== true) {
    return { ErrorCode: 'InvalidAccessKeyID', ErrorMessage: 'The AccessKey ID does not exist.' };
  }
  const isRight =
    headers.authorization === `FC ${accessKey.id}:${signature}` &&
    headers['content-md5'] === md5 &&
    headers['x-fc-security-token'] === accessKey.securityToken &&
    isFresh(headers.date);
  return isRight
    ? undefined
    : {
        ErrorCode: 'SignatureNotMatch',
        ErrorMessage: `The request signature we calculated does not match the signature you provided: ${stringToSign}`,
      };
};

/** `Authorization: ACS3-HMAC-SHA256 Credential=<id>,SignedHeaders=…,Signature=…` of Alibaba's OpenAPI. */
function checkAcs3(
  { method, path, headers, body }: ReceivedRequest,
  accessKey: AccessKey,
  { action, version, mustBeSigned }: { action: string; version: string; mustBeSigned: readonly string[] },
): object | undefined {
  const parts = /^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})$/.exec(
    headers.authorization ?? '',
  );
  const [, id, signedHeaders = '', signature] = parts ?? [];
  const digest = sha256(body);
  const names = signedHeaders.split(';');
  const [pathname = '', query = ''] = path.split('?');
  const canonical = [
    method,
    pathname,
    canonicalQuery(query),
    ...names.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    signedHeaders,
    digest,
  ].join('\n');
  const { securityToken } = accessKey;
  const ofToken = securityToken === undefined ? [] : ['x-acs-accesskey-id', 'x-acs-security-token'];
  const isRight =
    signature === hmac(accessKey, `ACS3-HMAC-SHA256\n${sha256(canonical)}`).digest('hex') &&
    headers['x-acs-content-sha256'] === digest &&
    headers['x-acs-action'] === action &&
    headers['x-acs-version'] === version &&
    headers['x-acs-security-token'] === securityToken &&
    [...MUST_BE_SIGNED, ...mustBeSigned, ...ofToken].every((name) => names.includes(name)) &&
    isFresh(headers['x-acs-date']);
  if (id !== accessKey.id) return { Code: 'InvalidAccessKeyId.NotFound', Message: 'No such key.' };
  return isRight
    ? undefined
    : { Code: 'SignatureDoesNotMatch', Message: `Not the signature of ${canonical}`, RequestId: '1' };
}

const MUST_BE_SIGNED = ['host', 'x-acs-action', 'x-acs-content-sha256', 'x-acs-date'];

function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query)]
    .map(([name, value]) => `${rfc3986(name)}=${rfc3986(value)}`)
    .toSorted()
    .join('&');
}

const rfc3986 = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** Function Compute 3.0. */
export const checkFunctionCompute3: SignatureCheck = (request, accessKey) =>
  checkAcs3(request, accessKey, {
    action: 'InvokeFunction',
    version: '2023-03-30',
    mustBeSigned: ['content-type'],
  });

/** STS. */
export const checkAssumeRole: SignatureCheck = (request, accessKey) =>
  checkAcs3(request, accessKey, { action: 'AssumeRole', version: '2015-04-01', mustBeSigned: [] });

/** A function behind a URL: HTTP Basic, or nothing. */
export const checkBasic: SignatureCheck = ({ headers }, { id, secret }) => {
  const basic = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const isRight = headers.authorization === undefined || headers.authorization === basic;
  return isRight ? undefined : { message: 'the key is wrong' };
};
