import { deviceName, topicPermissions } from '@gatehouse/contracts';
import { z } from 'zod';
import type { AuthenticatorAnswer, AuthenticatorCredentials } from './authenticator.ts';

const MAX_EXPIRY_SECONDS = 315_360_000;

/** What both contracts may say beside yes and no; null is as good as absent, unknown fields are passed over. */
const grant = z.object({
  acl: topicPermissions.nullish(),
  expiresInSeconds: z.int().min(1).nullish(),
});
const httpsAnswer = grant.extend({
  deviceName: z.string().nullish(),
  message: z.string().nullish().catch(undefined),
});
const functionAnswer = httpsAnswer.extend({
  result: z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]),
});

/** Body of a 2xx of the HTTPS contract: a device name says yes, none says no. */
export function answerOfHttps(body: Uint8Array): AuthenticatorAnswer {
  const answer = read(httpsAnswer, body);
  if ('problem' in answer) return invalid(answer.problem);
  const { deviceName: name, message } = answer.value;
  if (isEmpty(name)) return refused(message);
  return accepted(name, answer.value);
}

/**
 * What a function returned: `result` says yes or no. A yes without a device name is for the common name of the
 * certificate, or else for the user name.
 */
export function answerOfFunction(
  body: Uint8Array,
  { username, clientCertificate }: Pick<AuthenticatorCredentials, 'username' | 'clientCertificate'>,
): AuthenticatorAnswer {
  const answer = read(functionAnswer, body);
  if ('problem' in answer) return invalid(answer.problem);
  const { result, deviceName: given, message } = answer.value;
  if (!result) return refused(message);
  if (!isEmpty(given)) return accepted(given, answer.value);
  const name = [clientCertificate?.commonName, username].find((each) => deviceName.safeParse(each).success);
  if (name !== undefined) return accepted(name, answer.value);
  return invalid('deviceName is missing, and neither the common name nor the user name may be one');
}

/** `message` of an answer that is a refusal by its status; undefined when it has none. */
export function messageOf(body: Uint8Array): string | undefined {
  const answer = read(z.object({ message: z.string().min(1) }), body);
  return 'problem' in answer ? undefined : answer.value.message;
}

type Read<Value> = { readonly value: Value } | { readonly problem: string };

function read<Value>(schema: z.ZodType<Value>, body: Uint8Array): Read<Value> {
  const json = jsonOf(body);
  if (json === undefined) return { problem: 'the body is not JSON in UTF-8' };
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return { problem: 'the body is no JSON object' };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data };
  const [issue] = parsed.error.issues;
  return { problem: `${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is wrong'}`.trim() };
}

/** Some runtimes serialize the text that a function returns once more: then the JSON is inside a string. */
function jsonOf(body: Uint8Array): unknown {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return typeof json === 'string' ? JSON.parse(json) : json;
  } catch {
    return undefined;
  }
}

const isEmpty = (text: string | null | undefined): text is '' | null | undefined =>
  text === undefined || text === null || text === '';

function accepted(name: string, { acl, expiresInSeconds }: z.infer<typeof grant>): AuthenticatorAnswer {
  const checked = deviceName.safeParse(name);
  if (!checked.success) return invalid(`deviceName ${checked.error.issues[0]?.message ?? 'is wrong'}`);
  return {
    outcome: 'accepted',
    deviceName: checked.data,
    permissions: acl ?? [],
    ...(typeof expiresInSeconds === 'number'
      ? { expiresInSeconds: Math.min(expiresInSeconds, MAX_EXPIRY_SECONDS) }
      : {}),
  };
}

function refused(message: string | null | undefined): AuthenticatorAnswer {
  return isEmpty(message) ? { outcome: 'refused' } : { outcome: 'refused', message };
}

function invalid(problem: string): AuthenticatorAnswer {
  return {
    outcome: 'failed',
    reason: 'authenticator-answer-invalid',
    message: `the authenticator's answer cannot be used: ${problem}`,
  };
}
