import { Readable } from 'node:stream';
import { OpenApiUtil } from '@alicloud/openapi-core';
import type { AccessKey } from './access-key.ts';

const SIGNATURE_ALGORITHM = 'ACS3-HMAC-SHA256';

export interface Acs3Call {
  readonly action: string;
  readonly version: string;
  readonly method: string;
  readonly pathname: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A call of Alibaba's OpenAPI with the headers of its official clients, signed by their library. */
export function signedAcs3(
  url: URL,
  { id, secret, securityToken }: AccessKey,
  { action, version, method, pathname, query, headers: own = {}, body }: Acs3Call,
): { url: string; headers: Record<string, string>; body: Buffer } {
  const digest = OpenApiUtil.hash(body, SIGNATURE_ALGORITHM).toString('hex');
  const headers: Record<string, string> = {
    // Signed; undici sends the same.
    host: url.host,
    'x-acs-version': version,
    'x-acs-action': action,
    'x-acs-date': OpenApiUtil.getTimestamp(),
    'x-acs-signature-nonce': OpenApiUtil.getNonce(),
    'x-acs-content-sha256': digest,
    'user-agent': OpenApiUtil.getUserAgent('gatehouse'),
    accept: 'application/json',
    ...(securityToken === undefined
      ? {}
      : { 'x-acs-accesskey-id': id, 'x-acs-security-token': securityToken }),
    ...own,
  };
  const authorization = OpenApiUtil.getAuthorization(
    { protocol: 'https', port: 0, method, pathname, query, headers, body: Readable.from([]) },
    SIGNATURE_ALGORITHM,
    digest,
    id,
    secret,
  );
  const { host: _host, ...sent } = headers;
  const search = new URLSearchParams(query).toString();
  return {
    url: `${url.origin}${pathname}${search === '' ? '' : `?${search}`}`,
    headers: { ...sent, authorization },
    body,
  };
}
