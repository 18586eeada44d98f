type JsonSchemaOf = (options: { readonly target: 'draft-2020-12' }) => object;

interface Convertible {
  readonly '~standard': { readonly jsonSchema?: Readonly<Record<'input' | 'output', JsonSchemaOf>> };
}

/** The schemas that check requests and answers, in the dialect of OpenAPI 3.1: JSON Schema 2020-12. */
export function jsonSchemaOf(schema: unknown, direction: 'input' | 'output'): object | undefined {
  if (typeof schema !== 'object' || schema === null || !('~standard' in schema)) return undefined;
  const convert = (schema as Convertible)['~standard'].jsonSchema?.[direction];
  if (convert === undefined) return undefined;
  const { $schema: _, ...converted } = withoutNoise(convert({ target: 'draft-2020-12' })) as {
    $schema?: unknown;
  };
  return converted;
}

/** Every integer has the bounds of a double, which tell a reader nothing. */
function withoutNoise(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNoise);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, bound]) => Math.abs(Number(bound)) !== Number.MAX_SAFE_INTEGER)
      .map(([key, child]) => [key, withoutNoise(child)]),
  );
}
