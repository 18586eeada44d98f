export const SERVICES = ['registry', 'auth', 'ocsp', 'parser', 'edge'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Of the environment that Gatehouse was started in, what every process gets. */
const EVERYONE =
  /^(PATH|HOME|LANG|LC_ALL|TZ|TMPDIR|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|UV_THREADPOOL_SIZE|(OTEL|STREAM)_.*)$/;

/** And what each service gets besides: its own settings, and no others'. */
const OWN: Readonly<Record<ServiceName, RegExp>> = {
  registry:
    /^(REGISTRY_.*|DATABASE_POOL_SIZE|GATEHOUSE_MASTER_KEY_PREVIOUS|PUBLIC_HOST|OCSP_PUBLIC_URL|GATEHOUSE_OUTBOUND_ALLOW)$/,
  auth: /^(AUTH_.*|GATEHOUSE_OUTBOUND_ALLOW(_LOOPBACK)?)$/,
  ocsp: /^(OCSP_.*|GATEHOUSE_OCSP_.*|GATEHOUSE_OUTBOUND_ALLOW(_LOOPBACK)?)$/,
  parser: /^PARSER_.*$/,
  edge: /^EDGE_.*$/,
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
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(found)) {
    if (value !== undefined && (EVERYONE.test(name) || OWN[service].test(name))) passed[name] = value;
  }
  return { ...passed, ...set };
}
