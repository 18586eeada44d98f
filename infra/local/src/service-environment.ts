export const SERVICES = ['registry', 'auth', 'ocsp', 'parser', 'edge'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Of the environment that Gatehouse was started in, what every process gets. */
const EVERYONE =
  /^(PATH|HOME|LANG|LC_ALL|TZ|TMPDIR|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|UV_THREADPOOL_SIZE|(OTEL|STREAM)_.*)$/;

/** And what each service gets besides: its own settings, and no others'. */
const OWN: Readonly<Record<ServiceName, RegExp>> = {
  registry:
    /^(REGISTRY_.*|DATABASE_POOL_SIZE|GATEHOUSE_MASTER_KEY_PREVIOUS|PUBLIC_HOST|OCSP_PUBLIC_URL|GATEHOUSE_OUTBOUND_ALLOW)$/,
  auth: /^(AUTH_.*|MALLOC_ARENA_MAX|GATEHOUSE_OUTBOUND_ALLOW(_LOOPBACK)?)$/,
  ocsp: /^(OCSP_.*|GATEHOUSE_OCSP_.*|GATEHOUSE_OUTBOUND_ALLOW(_LOOPBACK)?)$/,
  parser: /^PARSER_.*$/,
  edge: /^EDGE_.*$/,
};

/**
 * Unless the operator says otherwise. Names of customers are looked up on libuv's threads, which dead name servers
 * hold for long. scrypt runs on them too, a few at a time, whichever are free: with an arena of memory for each
 * thread (glibc) they would all keep what one run took.
 */
const DEFAULTS: Partial<Record<ServiceName, Readonly<Record<string, string>>>> = {
  auth: { UV_THREADPOOL_SIZE: '32', MALLOC_ARENA_MAX: '1' },
  ocsp: { UV_THREADPOOL_SIZE: '32' },
};

/**
 * The environment of one service's process. Nothing is passed on by default: a secret in the environment
 * reaches the one service that needs it.
 *
 * @param set what only this process gets; outranks what was found
 */
export function serviceEnvironment(
  service: ServiceName,
  found: NodeJS.ProcessEnv,
  set: Readonly<Record<string, string>>,
): Record<string, string> {
  const passed: Record<string, string> = { ...DEFAULTS[service] };
  for (const [name, value] of Object.entries(found)) {
    if (value !== undefined && (EVERYONE.test(name) || OWN[service].test(name))) passed[name] = value;
  }
  return { ...passed, ...set };
}
