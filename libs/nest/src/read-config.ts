import { Failure, type FieldError } from '@gatehouse/failure';
import type { z } from 'zod';

/** The environment does not make a configuration: which variables, and why. */
export class ConfigurationInvalid extends Failure {
  readonly code = 'SERVICE_CONFIGURATION_INVALID';
  readonly kind = 'invalid';

  constructor(override readonly errors: readonly FieldError[]) {
    super(
      `the environment is not valid: ${errors.map(({ path, message }) => `${path} ${message}`).join('; ')}`,
    );
  }
}

/**
 * A service's configuration out of its environment; names carry their unit.
 *
 * @throws {ConfigurationInvalid} with every variable that is missing or wrong
 */
export function readConfig<Schema extends z.ZodObject>(
  schema: Schema,
  environment: NodeJS.ProcessEnv = process.env,
): z.infer<Schema> {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(set);
  if (parsed.success) return parsed.data;
  throw new ConfigurationInvalid(
    parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
  );
}
