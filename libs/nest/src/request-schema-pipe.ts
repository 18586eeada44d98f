import type { FieldError } from '@gatehouse/failure';
import { StandardSchemaValidationPipe } from '@nestjs/common';
import { RequestInvalid } from './http-failure.ts';

const MAX_REPORTED = 100;

/** Checks what `@Body({ schema })`, `@Query({ schema })` and `@Param(name, { schema })` name a schema for. */
export function requestSchemaPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({
    exceptionFactory: (issues) =>
      new RequestInvalid(
        issues.slice(0, MAX_REPORTED).map((issue): FieldError => ({
          path: (issue.path ?? [])
            .map((segment) => String(typeof segment === 'object' ? segment.key : segment))
            .join('.'),
          message: issue.message,
        })),
      ),
  });
}
