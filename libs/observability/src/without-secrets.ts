/** Never written, wherever they stand in what is logged. */
export const SECRET_FIELDS: readonly string[] = [
  'password',
  'serverPrivateKey',
  'authorization',
  'apiKey',
  'accessKeySecret',
];

export const CENSOR = '[secret]';

const SECRETS: ReadonlySet<string> = new Set(SECRET_FIELDS);

/** A field, one of a field, and one of that; so an object that holds itself ends too. */
const DEPTH = 3;

/**
 * The same with a word in place of each secret. What holds none, as almost everything that is logged, is
 * returned as it is: it costs a look at the names of its fields. (The redaction of pino copies every object
 * and reads its paths anew for every value.)
 */
export function withoutSecrets<Logged extends object>(logged: Logged, depth = DEPTH): Logged {
  let censored: Logged | undefined;
  for (const [field, value] of Object.entries(logged)) {
    const shown = shownOf(field, value, depth - 1);
    if (shown === value) continue;
    censored ??= copyOf(logged);
    Object.defineProperty(censored, field, { value: shown, enumerable: true });
  }
  return censored ?? logged;
}

function shownOf(field: string, value: unknown, depth: number): unknown {
  if (SECRETS.has(field)) return CENSOR;
  if (typeof value !== 'object' || value === null || depth === 0 || ArrayBuffer.isView(value)) return value;
  return withoutSecrets(value, depth);
}

/** Of the same class, so that an error is still written as one; its stack is known to the error itself alone. */
function copyOf<Logged extends object>(logged: Logged): Logged {
  if (Array.isArray(logged)) return [...logged] as Logged;
  return Object.create(Object.getPrototypeOf(logged), {
    ...Object.getOwnPropertyDescriptors(logged),
    ...(logged instanceof Error ? { stack: { value: logged.stack } } : {}),
  }) as Logged;
}
