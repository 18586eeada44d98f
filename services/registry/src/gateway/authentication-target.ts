import {
  gatewayAuthentication,
  gatewayInput,
  type GatewayAuthentication,
  type GatewayAuthenticationInput,
  type GatewayAuthenticationPatch,
} from '@gatehouse/contracts';
import type { FieldError } from '@gatehouse/failure';

const SECRET = 'authentication.function.accessKeySecret';
/** Stands for the secret that is kept while a changed target is checked; passes the rules of one. */
const KEPT_SECRET = 'kept';

export type AuthenticationChange =
  | { readonly outcome: 'changed'; readonly authentication: GatewayAuthentication }
  | { readonly outcome: 'refused'; readonly errors: readonly FieldError[] };

export function withoutSecret(input: GatewayAuthenticationInput): GatewayAuthentication {
  if (input.type === 'one-way' || input.method === 'https') return gatewayAuthentication.parse(input);
  const { accessKeySecret: _secret, ...target } = input.function;
  return gatewayAuthentication.parse({ ...input, function: target });
}

export function secretOf(input: GatewayAuthenticationInput | GatewayAuthenticationPatch): string | undefined {
  return 'function' in input ? input.function?.accessKeySecret : undefined;
}

/** Whether a secret belongs to it. */
export function usesAccessKey(authentication: GatewayAuthentication): boolean {
  return (
    authentication.type === 'third-party' &&
    authentication.method === 'function' &&
    authentication.function.accessKeyId !== undefined
  );
}

/**
 * Who is asked after a change: what the patch leaves out stays as long as the method stays. The secret is kept
 * only while it goes where it went, so that nobody who does not know it can send it elsewhere.
 */
export function changedAuthentication(
  current: GatewayAuthentication,
  patch: GatewayAuthenticationPatch,
): AuthenticationChange {
  if (patch.type !== undefined && patch.type !== current.type) {
    return refused(
      'authentication.type',
      `stays ${current.type} for life; create another gateway to have it ${patch.type}`,
    );
  }
  if (current.type === 'one-way') return unchangedOneWay(current, patch);

  const isSameMethod = patch.method === undefined || patch.method === current.method;
  const { function: target, ...others } = patch;
  const former = isSameMethod && current.method === 'function' ? current.function : undefined;
  const merged = withoutEmpty({
    ...(isSameMethod ? current : {}),
    ...others,
    type: current.type,
    function: former === undefined && target === undefined ? undefined : mergedTarget(former, target ?? {}),
  });
  const checked = gatewayInput.shape.authentication.safeParse(merged);
  if (!checked.success) {
    const errors = checked.error.issues.map(({ path, message }) => ({
      path: ['authentication', ...path].map(String).join('.'),
      message,
    }));
    return { outcome: 'refused', errors };
  }
  const authentication = withoutSecret(checked.data);
  if (
    secretOf(patch) === undefined &&
    usesAccessKey(authentication) &&
    !isSameReceiver(current, authentication)
  ) {
    return refused(SECRET, 'must be given again: the key that it belongs to, or where it goes, has changed');
  }
  return { outcome: 'changed', authentication };
}

function unchangedOneWay(
  current: GatewayAuthentication,
  { type: _type, ...patch }: GatewayAuthenticationPatch,
): AuthenticationChange {
  const [field] = Object.keys(withoutEmpty(patch));
  if (field === undefined) return { outcome: 'changed', authentication: current };
  return refused(
    `authentication.${field}`,
    'makes no sense while authentication.type is one-way: leave it out',
  );
}

type Target = Extract<GatewayAuthentication, { method: 'function' }>['function'];

function mergedTarget(
  former: Target | undefined,
  patch: NonNullable<GatewayAuthenticationPatch['function']>,
): Record<string, unknown> {
  const { roleArn, stsEndpoint, ...kept } = former ?? {};
  const provider = patch.provider ?? former?.provider;
  // Roles are of Alibaba Cloud alone, and without a role nobody asks STS.
  const role = provider === 'http-function' ? {} : { roleArn };
  const sts = provider === 'http-function' || patch.roleArn === null ? {} : { stsEndpoint };
  const merged = withoutEmpty({ ...kept, ...role, ...sts, ...patch });
  const keepsSecret = merged['accessKeyId'] !== undefined && patch.accessKeySecret === undefined;
  return keepsSecret ? { ...merged, accessKeySecret: KEPT_SECRET } : merged;
}

/** Without what is undefined, and without what is null, which says that it goes. */
function withoutEmpty(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}

function isSameReceiver(before: GatewayAuthentication, after: GatewayAuthentication): boolean {
  return receiverOf(before) === receiverOf(after);
}

function receiverOf(authentication: GatewayAuthentication): string | undefined {
  if (authentication.type === 'one-way' || authentication.method === 'https') return undefined;
  const { provider, endpoint, accessKeyId, stsEndpoint } = authentication.function;
  return JSON.stringify([provider, endpoint, accessKeyId, stsEndpoint]);
}

function refused(path: string, message: string): AuthenticationChange {
  return { outcome: 'refused', errors: [{ path, message }] };
}
