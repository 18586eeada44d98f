import { expect, test } from 'vitest';
import { serviceEnvironment, SERVICES, type ServiceName } from './service-environment.ts';

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

test('who looks up names of customers has threads for it, as many as the operator says if he does', () => {
  const threadsOf = (service: ServiceName, environment: NodeJS.ProcessEnv = {}): string | undefined =>
    serviceEnvironment(service, { ...found, ...environment }, {})['UV_THREADPOOL_SIZE'];
  expect(SERVICES.map((service) => threadsOf(service))).toEqual([
    undefined,
    '32',
    '32',
    undefined,
    undefined,
  ]);
  expect(threadsOf('auth', { UV_THREADPOOL_SIZE: '8' })).toBe('8');
  const { MALLOC_ARENA_MAX } = serviceEnvironment('auth', { ...found, MALLOC_ARENA_MAX: '4' }, {});
  expect(MALLOC_ARENA_MAX).toBe('4');
});

test('what is set for a process outranks what was found', () => {
  const { EDGE_HOST } = serviceEnvironment('edge', found, { EDGE_HOST: '::1' });
  expect(EDGE_HOST).toBe('::1');
});
