import { expect, test } from 'vitest';
import { serviceEnvironment } from './service-environment.ts';

const found = {
  PATH: '/bin',
  AWS_SECRET_ACCESS_KEY: 'secret',
  DATABASE_URL: 'postgres://u:p@h/d',
  GATEHOUSE_MASTER_KEY: 'key',
  GATEHOUSE_BOOTSTRAP_API_KEY: 'key',
  EDGE_HOST: '0.0.0.0',
  AUTH_CREDENTIAL_CACHE_SECONDS: '5',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
};

test('a service gets its own settings and none of the secrets around it', () => {
  expect(serviceEnvironment('edge', found, { NATS_URL: 'nats://edge@h' })).toEqual({
    PATH: '/bin',
    EDGE_HOST: '0.0.0.0',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
    NATS_URL: 'nats://edge@h',
  });
});

test('what is set for a process outranks what was found', () => {
  const { EDGE_HOST } = serviceEnvironment('edge', found, { EDGE_HOST: '::1' });
  expect(EDGE_HOST).toBe('::1');
});
