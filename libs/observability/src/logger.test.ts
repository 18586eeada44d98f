import { context, trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { createLogger, type Logger } from './logger.ts';

function logged(write: (logger: Logger) => void): Record<string, unknown> {
  const lines: string[] = [];
  write(createLogger('edge', 'info', { write: (line) => void lines.push(line) }));
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

test('a line carries time, level, service, fields and message', () => {
  expect(logged((logger) => logger.info({ clientId: 'c', port: 8883 }, 'client connected'))).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    level: 'info',
    service: 'edge',
    clientId: 'c',
    port: 8883,
    msg: 'client connected',
  });
});

test('secrets are not written, at the top, within a field, or within one of a field', () => {
  const line = logged((logger) =>
    logger.info(
      {
        password: 's1',
        request: { username: 'u', password: 's2', headers: { authorization: 's3', host: 'h' } },
        gateways: [{ serverPrivateKey: 's4', port: 1 }],
        settings: { apiKey: 's5' },
        accessKeySecret: { id: 's6' },
      },
      'm',
    ),
  );
  expect(line).toMatchObject({
    password: '[secret]',
    request: { username: 'u', password: '[secret]', headers: { authorization: '[secret]', host: 'h' } },
    gateways: [{ serverPrivateKey: '[secret]', port: 1 }],
    settings: { apiKey: '[secret]' },
    accessKeySecret: '[secret]',
  });
});

test('secrets of an error are not written, and the error still is', () => {
  const error = Object.assign(new TypeError('refused'), { code: 'E', request: { password: 's' } });
  const { err } = logged((logger) => logger.error({ err: error }, 'm'));
  expect(err).toMatchObject({ type: 'TypeError', message: 'refused', code: 'E' });
  expect(err).toMatchObject({
    stack: expect.stringContaining('logger.test'),
    request: { password: '[secret]' },
  });
});

test('secrets among the bindings of a child logger, or put into the message, are not written', () => {
  const line = logged((logger) => logger.child({ password: 's' }).info('with %o', { apiKey: 's' }));
  expect(line).toMatchObject({ password: '[secret]', msg: 'with {"apiKey":"[secret]"}' });
});

test('what is logged is not changed, and may hold itself', () => {
  const request: Record<string, unknown> = { password: 's', data: new Uint8Array(2), at: new Date(0) };
  request['self'] = request;
  const line = logged((logger) => logger.info({ request }, 'm'));
  expect(request['password']).toBe('s');
  expect(line).toMatchObject({ request: { password: '[secret]', at: '1970-01-01T00:00:00.000Z' } });
});

test('a line inside no span carries no trace', () => {
  expect(trace.getSpan(context.active())).toBeUndefined();
  expect(logged((logger) => logger.info('m'))).not.toHaveProperty('traceId');
});
