import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gatewayAuthentication, unknownVariables } from './gateway-authentication.ts';
import { gatewayInput, gatewayPatch } from './gateway-resource.ts';

const certificates = { serverCertificate: 'PEM', serverPrivateKey: 'PEM' };
const errorsOf = (body: object): Record<string, string> => {
  const { error } = gatewayInput.safeParse({ name: 'plant_7', certificates, ...body });
  return Object.fromEntries((error?.issues ?? []).map(({ path, message }) => [path.join('.'), message]));
};
const pathsOf = (body: object): string[] => Object.keys(errorsOf(body));
const https = { type: 'third-party', method: 'https', url: 'https://auth.example.com/verify' };
const target = { provider: 'aliyun-fc', endpoint: 'https://fc.example.com', service: 's', function: 'f' };
const key = { accessKeyId: 'id', accessKeySecret: 'secret' };
const fcWith = (more: object) => ({
  type: 'third-party',
  method: 'function',
  function: { ...target, ...more },
});

const parametersOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ key: `k${index}`, value: 'v' }));
const pathsOfHttps = (more: object) => pathsOf({ authentication: { ...https, ...more } });
const pathsWithParameters = (parameters: unknown) => pathsOfHttps({ parameters });
const pathsOfFunction = (more: object) => pathsOf({ authentication: fcWith(more) });

test('what is left out has its default', () => {
  expect(gatewayInput.parse({ name: 'plant_7', certificates })).toEqual({
    name: 'plant_7',
    port: 1883,
    hostname: null,
    topicSpace: 'isolated',
    parsing: { enabled: false, onFailure: 'drop' },
    authentication: { type: 'one-way' },
    x509: { enabled: false, commonNameMustEqualUsername: false },
    ocsp: 'disabled',
    revocation: { scope: 'leaf', onUnknown: 'allow', responderUrl: null },
    tls: { minVersion: '1.2' },
    limits: { maxPacketBytes: 262_144, maxSubscriptions: 100, keepAlive: null, connectsPerMinute: 5 },
    certificates,
  });
  expect(gatewayInput.parse({ name: 'plant_7', certificates, authentication: https }).authentication).toEqual(
    {
      ...https,
      parameters: [],
      timeoutMs: 5_000,
      cacheSeconds: 0,
    },
  );
});

test.each([
  ['mqtt.example.com', 'mqtt.example.com'],
  ['MQTT.Example.com', 'mqtt.example.com'],
  ['localhost', 'localhost'],
  ['3com.example', '3com.example'],
])('%s is a host name, kept as %s', (given, kept) => {
  expect(gatewayInput.parse({ name: 'plant_7', certificates, hostname: given }).hostname).toBe(kept);
});

test.each([
  '',
  '-a.example',
  'a-.example',
  'a..b',
  'a.example.',
  'a_b',
  '192.0.2.7',
  '7',
  `${'a'.repeat(64)}.b`,
  'ü.example',
])('%j is no host name', (hostname) => {
  expect(pathsOf({ hostname })).toEqual(['hostname']);
});

test.each([1_023, 65_536, 1_883.5, '1883'])('%j is no port', (port) => {
  expect(pathsOf({ port })).toEqual(['port']);
});

test.each([
  'http://a.example',
  'HTTPS://a.example',
  'https://',
  'https://u:p@a.example',
  'https://a.example/#x',
  'a.example',
])('%s cannot be asked', (url) => {
  expect(pathsOf({ authentication: { ...https, url } })).toEqual(['authentication.url']);
});

test('an unknown variable is refused with those that there are', () => {
  const parameters = [
    { key: 'a', value: '${username}' },
    { key: 'b', value: 'id-${clientId}-${userProperties.tenant}' },
    { key: 'c', value: '${cert.email}' },
    { key: 'd', value: '${username' },
  ];
  const errors = errorsOf({ authentication: { ...https, parameters } });
  expect(Object.keys(errors)).toEqual([
    'authentication.parameters.2.value',
    'authentication.parameters.3.value',
  ]);
  expect(errors['authentication.parameters.2.value']).toContain('${cert.email}');
  expect(errors['authentication.parameters.2.value']).toContain(
    '${username}, ${password}, ${clientId}, ${cert.cn}, ${cert.serial}, ${cert.issuer}, ${userProperties.<name>}',
  );
});

test('text without ${ holds no variable, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      fc.pre(!text.includes('${'));
      expect(unknownVariables(text)).toEqual([]);
      expect(unknownVariables(`\${username}${text}`)).toEqual([]);
      expect(unknownVariables(`${text}\${no such}`)).toEqual(['${no such}']);
    }),
  );
});

test('parameters have keys of their own, at most ten, and 1 to 64 characters', () => {
  expect(pathsWithParameters(parametersOf(10))).toEqual([]);
  expect(pathsWithParameters(parametersOf(11))).toEqual(['authentication.parameters']);
  expect(pathsWithParameters([...parametersOf(2), { key: 'k0', value: '' }])).toEqual([
    'authentication.parameters.2.value',
    'authentication.parameters.2.key',
  ]);
  expect(pathsWithParameters([{ key: '表'.repeat(64), value: '𠮷'.repeat(64) }])).toEqual([]);
  expect(pathsWithParameters([{ key: 'a'.repeat(65), value: 'a\nb' }])).toHaveLength(2);
});

test('timeouts and caching stay in their ranges', () => {
  expect(pathsOfHttps({ timeoutMs: 100, cacheSeconds: 86_400 })).toEqual([]);
  expect(pathsOfHttps({ timeoutMs: 99, cacheSeconds: -1 })).toHaveLength(2);
  expect(pathsOfHttps({ timeoutMs: 30_001, cacheSeconds: 86_401 })).toHaveLength(2);
});

test('a function is called with an access key, which may take on a role', () => {
  const field = 'authentication.function';
  const roleArn = 'acs:ram::1234567890:role/AliyunIOTAccessingFCRole';
  const stsEndpoint = 'https://sts.cn-shanghai.aliyuncs.com';
  expect(pathsOfFunction(key)).toEqual([]);
  expect(pathsOfFunction({ ...key, roleArn })).toEqual([]);
  expect(pathsOfFunction({ ...key, roleArn, stsEndpoint })).toEqual([]);
  expect(pathsOfFunction({})).toEqual([`${field}.accessKeyId`]);
  expect(pathsOfFunction({ accessKeyId: 'id' })).toEqual([`${field}.accessKeySecret`]);
  expect(pathsOfFunction({ accessKeySecret: 'secret' })).toEqual([`${field}.accessKeyId`]);
  expect(pathsOfFunction({ roleArn, accessKeyId: 'id' })).toEqual([`${field}.accessKeySecret`]);
  expect(pathsOfFunction({ ...key, stsEndpoint })).toEqual([`${field}.stsEndpoint`]);
  expect(pathsOfFunction({ ...key, roleArn, stsEndpoint: 'http://sts.example.com' })).toEqual([
    `${field}.stsEndpoint`,
  ]);
  expect(pathsOfFunction({ endpoint: 'http://fc.example.com' })).toEqual([
    `${field}.endpoint`,
    `${field}.accessKeyId`,
  ]);
  expect(pathsOfFunction({ ...key, function: undefined })).toEqual([`${field}.function`]);
});

test('a role without an access key is refused with the reason, and loads where it was stored', () => {
  const roleArn = 'acs:ram::1234567890:role/AliyunIOTAccessingFCRole';
  const authentication = fcWith({ roleArn });
  expect(errorsOf({ authentication })).toEqual({
    'authentication.function.roleArn': expect.stringMatching(
      /^must come with accessKeyId and accessKeySecret .* only Alibaba Cloud itself can$/,
    ),
  });
  expect(gatewayAuthentication.parse(authentication)).toEqual(authentication);
});

test('functions of Function Compute 3.0 belong to no service', () => {
  expect(pathsOfFunction({ ...key, service: undefined })).toEqual([]);
});

test('a function behind a plain URL needs no credentials', () => {
  const plain = { provider: 'http-function', endpoint: 'https://fn.example.com/verify' };
  expect(pathsOf({ authentication: { type: 'third-party', method: 'function', function: plain } })).toEqual(
    [],
  );
});

test('the choices of authentication are named when another is asked for', () => {
  expect(errorsOf({ authentication: { type: 'none' } })).toEqual({
    'authentication.type': 'must be one-way or third-party',
  });
  expect(errorsOf({ authentication: { type: 'third-party', method: 'ldap' } })).toEqual({
    'authentication.method': 'must be function or https',
  });
});

test('an empty change is a change to nothing: no default slips in', () => {
  expect(gatewayPatch.parse({})).toEqual({});
  const patch = { authentication: { function: {} }, limits: {}, certificates: {} };
  expect(gatewayPatch.parse(patch)).toEqual(patch);
});
