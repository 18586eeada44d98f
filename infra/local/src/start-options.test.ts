import { expect, test } from 'vitest';
import { readStartOptions } from './start-options.ts';

const read = (args: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
  readStartOptions(args, environment, '/project');

test('without flags and variables the defaults hold', () => {
  expect(read([])).toEqual({
    dataDirectory: '/project/.gatehouse',
    httpPort: 8_080,
    mqttPort: 1_883,
    ocspPort: undefined,
    edges: 1,
    fresh: false,
    masterKey: undefined,
    databaseUrl: undefined,
    natsUrl: undefined,
    logLevel: undefined,
  });
});

test('a flag outranks its variable, and an empty variable is none', () => {
  const options = read(['--http-port', '9000', '--data-dir=/elsewhere', '--fresh'], {
    GATEHOUSE_HTTP_PORT: '9001',
    GATEHOUSE_MQTT_PORT: '2883',
    GATEHOUSE_OCSP_PORT: '8889',
    GATEHOUSE_EDGES: '',
  });
  expect(options).toMatchObject({
    dataDirectory: '/elsewhere',
    httpPort: 9_000,
    mqttPort: 2_883,
    ocspPort: 8_889,
    edges: 1,
    fresh: true,
  });
});

test.each([
  [['--http-port', 'eighty'], {}, '--http-port is "eighty", but must be a number from 1 to 65535'],
  [['--mqtt-port', '80'], {}, '--mqtt-port is "80", but must be a number from 1024 to 65535'],
  [[], { GATEHOUSE_OCSP_PORT: '0' }, 'GATEHOUSE_OCSP_PORT is "0", but must be a number from 1 to 65535'],
  [[], { GATEHOUSE_EDGES: '0' }, 'GATEHOUSE_EDGES is "0", but must be a number from 1 to 64'],
  [['--http-port', '1883'], {}, '--http-port and --mqtt-port are both 1883: change one of them'],
  [['--colour'], {}, "Unknown option '--colour'; npm start -- --help lists the flags"],
  [
    [],
    { DATABASE_URL: 'localhost' },
    'DATABASE_URL must be an address like postgres://user:password@host:port',
  ],
  [[], { NATS_URL: 'http://localhost' }, 'NATS_URL must be an address like nats://user:password@host:port'],
  [[], { GATEHOUSE_MASTER_KEY: 'secret' }, 'GATEHOUSE_MASTER_KEY must be 64 hexadecimal characters'],
  [[], { GATEHOUSE_LOG_LEVEL: 'loud' }, 'GATEHOUSE_LOG_LEVEL is "loud", but must be one of fatal, error'],
] as const)('%j %j is refused with a line that says why', (args, environment, message) => {
  expect(() => read(args, environment)).toThrow(message);
});

test('a flag that npm took for itself is refused with the way to write it', () => {
  expect(() => read([], { npm_config_fresh: 'true' })).toThrow('npm start -- --fresh');
  expect(() => read(['9000'], { npm_config_http_port: 'true' })).toThrow('npm start -- --http-port');
});
