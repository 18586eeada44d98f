import { gatewayInput, gatewayPatch } from '@gatehouse/contracts';
import type { FieldError } from '@gatehouse/failure';
import type { z } from 'zod';
import { checkGatewayCertificates, problemOfCaCertificate } from './gateway-certificates.ts';
import { brokenRules, presenceOf } from './gateway-rules.ts';

/** Body of POST /gateways. */
export const gatewayBody = withErrorsOf(gatewayInput, (body) => [
  ...brokenRules({ ...rulePartsOf(body) }),
  ...certificateErrors(body),
]);

/** Body of PATCH /gateways/{gatewayId}. */
export const gatewayPatchBody = withErrorsOf(gatewayPatch, certificateErrors);

type Standard<Schema extends z.ZodType> = Schema['~standard'];

/**
 * The schema, but when it refuses a body it also names what else is wrong: all errors of a body come at once.
 * What it takes is judged by the command, under codes of its own.
 */
function withErrorsOf<Schema extends z.ZodType>(
  schema: Schema,
  further: (body: Readonly<Record<string, unknown>>) => readonly FieldError[],
): { readonly '~standard': Standard<Schema> } {
  const standard: Standard<Schema> = schema['~standard'];
  return {
    '~standard': {
      ...standard,
      validate: async (body: unknown, options) => {
        const result = await standard.validate(body, options);
        if (result.issues === undefined || !isRecord(body)) return result;
        const named = new Set(result.issues.map(({ path = [] }) => path.map(String).join('.')));
        const more = further(body)
          .filter(({ path }) => !named.has(path))
          .map(({ path, message }) => ({ path: path.split('.'), message }));
        return { issues: [...result.issues, ...more] };
      },
    },
  };
}

/** Each part that can be read although others cannot. */
function rulePartsOf(body: Readonly<Record<string, unknown>>) {
  const { x509, ocsp } = gatewayInput.shape;
  return {
    x509: x509.safeParse(body['x509']).data,
    ocsp: ocsp.safeParse(body['ocsp']).data,
    certificates: isRecord(body['certificates']) ? presenceOf(body['certificates']) : undefined,
  };
}

function certificateErrors(body: Readonly<Record<string, unknown>>): FieldError[] {
  const certificates = isRecord(body['certificates']) ? readable(body['certificates']) : {};
  const now = new Date();
  const problems = [...checkGatewayCertificates(certificates, { now }).problems];
  const ca = isRecord(body['authentication']) ? body['authentication']['caCertificate'] : undefined;
  const problem = typeof ca === 'string' ? problemOfCaCertificate(ca, now) : undefined;
  if (problem !== undefined) problems.push(problem);
  return problems.flatMap(({ errors }) => errors);
}

function readable(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter((field): field is [string, string] => typeof field[1] === 'string'),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
