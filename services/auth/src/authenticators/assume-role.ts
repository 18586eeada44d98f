import type { OutboundClient, OutboundResponse } from '@gatehouse/outbound';
import { z } from 'zod';
import type { AccessKey } from './access-key.ts';
import { signedAcs3 } from './acs3-request.ts';
import { RoleNotAssumed } from './assume-role.failures.ts';
import type { AssumedRole } from './authenticator.ts';
import { maskSignature } from './mask-signature.ts';

/** A role of Alibaba Cloud, and the key of the RAM user that takes it on. */
export interface FunctionRole {
  readonly arn: string;
  readonly accessKey: AccessKey;
  /** Of STS. */
  readonly endpoint: string;
  /** Shown in the customer's audit log. */
  readonly sessionName: string;
}

/** A role while it is taken on. */
export interface RoleSession {
  readonly accessKey: Required<AccessKey>;
  /** Unix time in milliseconds. */
  readonly endsAt: number;
  /** The call that gave it, without its keys. */
  readonly call: AssumedRole;
}

const DURATION_SECONDS = 3_600;
const MAX_ANSWER_BYTES = 16_384;
const MAX_SHOWN_CHARACTERS = 4_096;

const answerBody = z.object({
  Credentials: z.object({
    AccessKeyId: z.string().min(1),
    AccessKeySecret: z.string().min(1),
    SecurityToken: z.string().min(1),
    Expiration: z.iso.datetime(),
  }),
});
const errorBody = z.object({ Code: z.string(), Message: z.string().default('it says no more') });

/**
 * Takes on a role: `AssumeRole` of STS, version 2015-04-01, with its parameters in the query as the official
 * clients send them.
 *
 * @throws {RoleNotAssumed | OutboundFailure}
 */
export async function assumeRole(
  { arn, accessKey, endpoint, sessionName }: FunctionRole,
  { caCertificate, timeoutMs }: { caCertificate: string | undefined; timeoutMs: number },
  outbound: OutboundClient,
): Promise<RoleSession> {
  const sts = new URL(endpoint);
  const request = signedAcs3(sts, accessKey, {
    action: 'AssumeRole',
    version: '2015-04-01',
    method: 'POST',
    pathname: sts.pathname,
    query: { DurationSeconds: String(DURATION_SECONDS), RoleArn: arn, RoleSessionName: sessionName },
    body: Buffer.alloc(0),
  });
  const response = await outbound.request({
    ...request,
    method: 'POST',
    caCertificate,
    timeoutMs,
    maxResponseBytes: MAX_ANSWER_BYTES,
    isRepeatable: true,
  });
  const { url, headers } = request;
  const shown = { method: 'POST', url, headers: maskSignature(headers), body: '' };
  return sessionOf(response, shown);
}

function sessionOf(response: OutboundResponse, sent: AssumedRole['sent']): RoleSession {
  const { status, headers, body } = response;
  const text = body.toString('utf8');
  const answer = parsed(answerBody, text);
  const contentType = headers['content-type'] ?? null;
  const isSuccess = status >= 200 && status < 300;
  if (!isSuccess || answer === undefined) {
    const shown = isSuccess ? NOT_SHOWN : text.slice(0, MAX_SHOWN_CHARACTERS);
    const message = isSuccess ? NO_CREDENTIALS : refusalOf(status, text);
    throw new RoleNotAssumed(message, { sent, received: { status, contentType, body: shown } });
  }
  const { AccessKeyId: id, AccessKeySecret: secret, SecurityToken, Expiration } = answer.Credentials;
  const masked = {
    Credentials: { AccessKeyId: id, AccessKeySecret: '***', SecurityToken: '***', Expiration },
  };
  return {
    accessKey: { id, secret, securityToken: SecurityToken },
    endsAt: Date.parse(Expiration),
    call: { sent, received: { status, contentType, body: JSON.stringify(masked) } },
  };
}

const NOT_SHOWN = '(not shown: it may hold keys)';
const NO_CREDENTIALS = 'STS answered without credentials that can be used: is stsEndpoint that of STS?';

function refusalOf(status: number, text: string): string {
  const error = parsed(errorBody, text);
  if (error === undefined) return `STS answered ${status} and no error of STS: is stsEndpoint that of STS?`;
  const { Code: code, Message: message } = error;
  return `STS does not give the role (${status} ${code}): ${adviceOn(code)}; it says: ${message}`;
}

/** What mends the answers that people meet, by the beginning of their code. */
const ADVICE: readonly (readonly [code: string, advice: string])[] = [
  [
    'NoPermission',
    'let the RAM user of the key take on the role (AliyunSTSAssumeRoleAccess, or sts:AssumeRole on it), and let ' +
      "the role's trust policy name its account; the key of an account itself cannot take on roles",
  ],
  ['EntityNotExist.Role', 'there is no such role: correct roleArn'],
  ['InvalidAccessKeyId', 'the key is gone or disabled: give accessKeyId and accessKeySecret of another'],
  ['SignatureDoesNotMatch', 'accessKeySecret does not belong to accessKeyId: give it again'],
  ['InvalidTimeStamp', 'set the clock of the machine that auth runs on'],
  ['Throttling', 'STS wants fewer calls of this account: find out who else makes them'],
];

function adviceOn(code: string): string {
  return ADVICE.find(([beginning]) => code.startsWith(beginning))?.[1] ?? 'correct roleArn or the access key';
}

function parsed<Shape>(shape: z.ZodType<Shape>, text: string): Shape | undefined {
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
