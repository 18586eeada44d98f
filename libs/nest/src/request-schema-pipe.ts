import type { FieldError } from '@gatehouse/failure';
import { StandardSchemaValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import { fieldErrorsOf, speakInSentences } from './field-errors.ts';
import { RequestInvalid } from './http-failure.ts';

/** Checks what `@Body({ schema })`, `@Query({ schema })` and `@Param(name, { schema })` name a schema for. */
export function requestSchemaPipe(): StandardSchemaValidationPipe {
  speakInSentences();
  return new RequestSchemaPipe();
}

class RequestSchemaPipe extends StandardSchemaValidationPipe {
  /** @throws {RequestInvalid} */
  override async transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    const { schema, type } = metadata;
    if (schema === undefined || !this.toValidate(metadata)) return value;
    this.stripProtoKeys(value);
    if (type === 'query') refuseRepeated(value);
    const result = await schema['~standard'].validate(value);
    if (result.issues === undefined) return result.value as T;
    throw new RequestInvalid(fieldErrorsOf(result.issues).map((error) => placed(error, metadata)));
  }
}

/** No parameter is a list, and which of two was meant is not ours to guess. */
function refuseRepeated(query: unknown): void {
  const repeated = Object.entries(query ?? {}).filter(([, value]) => Array.isArray(value));
  if (repeated.length === 0) return;
  throw new RequestInvalid(repeated.map(([path]) => ({ path, message: 'is given more than once' })));
}

/** Says what a message without a path speaks of. */
function placed({ path, message }: FieldError, { type, data }: ArgumentMetadata): FieldError {
  if (path !== '') return { path, message };
  return data === undefined ? { path, message: `the ${type} ${message}` } : { path: data, message };
}
