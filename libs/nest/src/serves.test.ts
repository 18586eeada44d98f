import 'reflect-metadata';
import { requestContract, type ReplyOf, type RequestOf } from '@gatehouse/contracts';
import { Failure } from '@gatehouse/failure';
import { startTelemetry } from '@gatehouse/observability';
import { headers } from '@nats-io/transport-node';
import { NatsContext } from '@nestjs/microservices';
import { trace } from '@opentelemetry/api';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { Serves } from './serves.ts';

const halve = requestContract({
  subject: 'test.v1.halve',
  request: z.object({ number: z.number(), unit: z.string().default('m') }),
  reply: z.object({ half: z.number().int(), unit: z.string() }),
  timeoutMs: 1_000,
});

class NumberNegative extends Failure {
  readonly code = 'TEST_NUMBER_NEGATIVE';
  readonly kind = 'invalid';
}

class Halves {
  readonly traceIds: (string | undefined)[] = [];

  @Serves(halve)
  async halve({ number, unit }: RequestOf<typeof halve>): Promise<ReplyOf<typeof halve>> {
    await Promise.resolve();
    this.traceIds.push(trace.getActiveSpan()?.spanContext().traceId);
    if (number < 0) throw new NumberNegative('a negative number');
    return { half: number / 2, unit };
  }
}

const telemetry = startTelemetry('test', 'test');
const halves = new Halves();

/** As Nest calls it: with what came, and the subject and headers it came with. */
function ask(raw: unknown, traceparent?: string): Promise<unknown> {
  const carried = headers();
  if (traceparent !== undefined) carried.set('traceparent', traceparent);
  const served = halves.halve.bind(halves) as (raw: unknown, nats: NatsContext) => Promise<unknown>;
  return served(raw, new NatsContext([halve.subject, carried]));
}

afterAll(() => telemetry.shutdown());

test('the method gets the request with its defaults, and its answer is the reply', async () => {
  expect(await ask({ number: 4 })).toEqual({ half: 2, unit: 'm' });
});

test('a request that breaks the contract, or is no JSON, is refused with the places', async () => {
  await expect(ask({ number: 'four' })).rejects.toMatchObject({
    code: 'BUS_REQUEST_MALFORMED',
    subject: 'test.v1.halve',
    errors: [{ path: 'number' }],
  });
  await expect(ask(undefined)).rejects.toMatchObject({ code: 'BUS_REQUEST_MALFORMED' });
});

test('a reply that breaks the contract does not go out', async () => {
  await expect(ask({ number: 3 })).rejects.toMatchObject({ code: 'SERVICE_UNEXPECTED' });
});

test('a failure of the method is the refusal', async () => {
  await expect(ask({ number: -2 })).rejects.toBeInstanceOf(NumberNegative);
});

test('the method runs in the trace of its caller, also after it has waited', async () => {
  const traceId = 'c'.repeat(32);
  await ask({ number: 2 }, `00-${traceId}-${'d'.repeat(16)}-00`);
  expect(halves.traceIds.at(-1)).toBe(traceId);
});
