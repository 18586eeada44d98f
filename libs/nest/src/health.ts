import { key } from './provide.ts';

/** One dependency of a service: resolves when it answers, rejects with why it does not. */
export interface HealthProbe {
  readonly name: string;
  check(): Promise<void>;
}

/** What `/readyz` asks; a service provides its own. NATS is always asked. */
export const HEALTH_PROBES = key<readonly HealthProbe[]>('HEALTH_PROBES');

export interface Readiness {
  readonly ready: boolean;
  readonly dependencies: Readonly<Record<string, { readonly up: boolean; readonly reason?: string }>>;
}

const PROBE_TIMEOUT_MS = 2_000;

export async function readinessOf(probes: readonly HealthProbe[]): Promise<Readiness> {
  const answers = await Promise.all(
    probes.map(async (probe) => {
      try {
        await within(PROBE_TIMEOUT_MS, probe.check());
        return [probe.name, { up: true }] as const;
      } catch (error) {
        return [
          probe.name,
          { up: false, reason: error instanceof Error ? error.message : String(error) },
        ] as const;
      }
    }),
  );
  return { ready: answers.every(([, { up }]) => up), dependencies: Object.fromEntries(answers) };
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
