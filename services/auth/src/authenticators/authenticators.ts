import type { GatewayAuthentication } from '@gatehouse/contracts';
import { OutboundClient, systemNames, type OutboundPolicy } from '@gatehouse/outbound';
import { AliyunFunctionCompute, type AliyunFunction } from './aliyun-function-compute.ts';
import type { AuthenticationTarget, Authenticator } from './authenticator.ts';
import { FunctionAuthenticator } from './function-authenticator.ts';
import type { FunctionCall } from './function-call.ts';
import { HttpFunction } from './http-function.ts';
import { HttpsAuthenticator } from './https-authenticator.ts';
import { stsOf } from './sts-endpoint.ts';
import { UnusableAuthenticator } from './unusable-authenticator.ts';

const DEFAULT_TIMEOUT_MS = 5_000;
/** For a place to look a name up, at most. */
const NAME_WAIT_MS = 4_000;

/** Its own and those that it is redirected to. */
const ORIGINS_OF_AUTHENTICATOR = 8;

/**
 * Makes the authenticators of gateways, each with connections of its own: however an authenticator behaves, and
 * wherever it redirects to, it holds no connection that another one waits for, though both are at one origin.
 *
 * @param callsAtOnce the limit that callers keep; connections must not be the tighter one
 */
export function authenticatorMaker(policy: OutboundPolicy, callsAtOnce: number, names = systemNames) {
  const limits = {
    maxOrigins: ORIGINS_OF_AUTHENTICATOR,
    connectionsPerOrigin: Math.max(64, callsAtOnce),
    requestsPerOrigin: Math.max(512, 2 * callsAtOnce),
  };
  return (target: AuthenticationTarget): Authenticator | undefined => {
    // Before the call is over: to wait behind names of others must not look like an authenticator that hangs.
    const nameWaitMs = Math.min(NAME_WAIT_MS, timeoutOf(target.authentication) / 2);
    const outbound = new OutboundClient(policy, {
      limits: { ...limits, nameWaitMs },
      names,
      asker: target.gatewayId,
    });
    return authenticatorOf(target, outbound);
  };
}

function timeoutOf(authentication: GatewayAuthentication): number {
  return (authentication.type === 'third-party' ? authentication.timeoutMs : undefined) ?? DEFAULT_TIMEOUT_MS;
}

/** Whom a gateway asks; nobody (undefined) when its credentials are the imported ones. */
export function authenticatorOf(
  { gatewayId, authentication, accessKeySecret }: AuthenticationTarget,
  outbound: OutboundClient,
): Authenticator | undefined {
  if (authentication.type === 'one-way') return undefined;
  if (authentication.method === 'https') return new HttpsAuthenticator(authentication, outbound);
  const { function: target, cacheSeconds = 0 } = authentication;
  const call = functionCallOf(authentication, accessKeySecret);
  const provider = providerOf(target, { ...call, gatewayId }, outbound);
  return typeof provider === 'string'
    ? new UnusableAuthenticator(provider)
    : new FunctionAuthenticator(provider, timeoutOf(authentication), cacheSeconds);
}

type FunctionTarget = Extract<GatewayAuthentication, { method: 'function' }>;

function functionCallOf(
  { function: target, caCertificate }: FunctionTarget,
  secret: string | null,
): FunctionCall {
  const id = target.accessKeyId;
  return {
    endpoint: target.endpoint,
    caCertificate,
    accessKey: id === undefined || secret === null ? undefined : { id, secret },
  };
}

/** A text says why there is none, and what to do. */
function providerOf(
  { provider, service, function: name, accessKeyId, roleArn, stsEndpoint }: FunctionTarget['function'],
  call: FunctionCall & { readonly gatewayId: string },
  outbound: OutboundClient,
): AliyunFunctionCompute | HttpFunction | string {
  if (roleArn !== undefined) {
    if (provider === 'http-function') return 'a role is of Alibaba Cloud: remove roleArn (null)';
    if (accessKeyId === undefined) return ROLE_UNUSABLE;
  }
  if (accessKeyId !== undefined && call.accessKey === undefined) {
    return 'the secret of the access key is missing: give accessKeySecret again';
  }
  if (provider === 'http-function') return new HttpFunction(call, outbound);
  if (name === undefined) return 'the function has no name: give function';
  if (call.accessKey === undefined) return 'there is no access key: give accessKeyId and accessKeySecret';
  if (call.accessKey.id.startsWith('STS.')) {
    return 'a temporary access key (STS.…) needs a token that changes all the time: give the key of a RAM user';
  }
  const role = roleArn === undefined ? undefined : roleOf(roleArn, { stsEndpoint, ...call });
  return new AliyunFunctionCompute({ service, name, accessKey: call.accessKey, role }, call, outbound);
}

/** STS takes names of up to 32 characters everywhere. */
const MAX_SESSION_NAME_CHARACTERS = 32;

function roleOf(
  arn: string,
  {
    endpoint,
    stsEndpoint,
    gatewayId,
  }: { endpoint: string; stsEndpoint: string | undefined; gatewayId: string },
): AliyunFunction['role'] {
  const sessionName = `gatehouse-${gatewayId}`.slice(0, MAX_SESSION_NAME_CHARACTERS);
  return { arn, endpoint: stsEndpoint ?? stsOf(endpoint), sessionName };
}

const ROLE_UNUSABLE =
  'the function is set up with a role and without an access key, which only Alibaba Cloud itself can do: ' +
  'give accessKeyId and accessKeySecret of a RAM user that may take on the role (sts:AssumeRole)';
