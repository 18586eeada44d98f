import { expect, test } from 'vitest';
import { AllowList } from './allow-list.ts';
import { OutboundPolicy } from './outbound-policy.ts';

const policy = (allow = '', allowLoopback = false) =>
  new OutboundPolicy({ allow: AllowList.parse(allow), allowLoopback });
const isAllowed = (of: OutboundPolicy, url: string, address: string): boolean =>
  of.refusalOf(new URL(url), address) === undefined;
const URL_OF_ACME = 'https://auth.acme.example/verify?key=hidden';

test.each([
  ['http://example.com/', 'must begin with https://'],
  ['ftp://example.com/', 'must begin with https://'],
  ['file:///etc/passwd', 'must begin with https://'],
  ['https://user:secret@example.com/', 'may not hold a user name'],
  ['nonsense', 'is none'],
])('%s is refused', (url, message) => {
  expect(() => policy().urlOf(url)).toThrow(message);
});

test('a refusal quotes nothing but the host', () => {
  const refusal = policy().refusalOf(new URL(URL_OF_ACME), '10.0.0.7');
  expect(refusal?.message).toContain('auth.acme.example has no address that may be called');
  expect(refusal?.message).not.toMatch(/hidden|verify|10\.0\.0\.7/);
  expect(refusal).toMatchObject({ code: 'OUTBOUND_ADDRESS_FORBIDDEN', addressKind: 'private' });
});

test('public addresses need no list, others do', () => {
  expect(isAllowed(policy(), URL_OF_ACME, '1.1.1.1')).toBe(true);
  expect(isAllowed(policy(), URL_OF_ACME, '10.1.2.3')).toBe(false);
  expect(isAllowed(policy('10.1.0.0/16'), URL_OF_ACME, '10.1.2.3')).toBe(true);
  expect(isAllowed(policy('10.1.0.0/16'), URL_OF_ACME, '::ffff:10.1.2.3')).toBe(true);
  expect(isAllowed(policy('10.1.0.0/16'), URL_OF_ACME, '64:ff9b::10.1.2.3')).toBe(false);
  expect(isAllowed(policy('10.1.0.0/16'), URL_OF_ACME, '10.2.0.1')).toBe(false);
  expect(isAllowed(policy('10.1.2.3'), URL_OF_ACME, '10.1.2.3')).toBe(true);
  expect(isAllowed(policy('fd12::/16'), URL_OF_ACME, 'fd12::1')).toBe(true);
  expect(isAllowed(policy('[::1]'), URL_OF_ACME, '0:0::1')).toBe(true);
});

test('a host name opens private and loopback addresses of that host alone', () => {
  const named = policy(' Auth.Acme.example ,');
  expect(isAllowed(named, URL_OF_ACME, '10.1.2.3')).toBe(true);
  expect(isAllowed(named, 'https://AUTH.acme.example./', '127.0.0.1')).toBe(true);
  expect(isAllowed(named, 'https://other.example/', '10.1.2.3')).toBe(false);
  expect(isAllowed(named, URL_OF_ACME, '169.254.7.7')).toBe(false);
  expect(isAllowed(named, URL_OF_ACME, '224.0.0.1')).toBe(false);
});

test('an entry with a port opens that port alone', () => {
  const ported = policy('127.0.0.1:8085,[::1]:8085,auth.acme.example:8443,other.acme.example:443');
  const scope = { allowHttp: true };
  const isOpen = (url: string, address: string) =>
    ported.refusalOf(new URL(url), address, scope) === undefined;
  expect(isOpen('http://127.0.0.1:8085/', '127.0.0.1')).toBe(true);
  expect(isOpen('http://own.example:8085/', '::ffff:127.0.0.1')).toBe(true);
  expect(isOpen('http://[::1]:8085/', '0:0::1')).toBe(true);
  for (const url of ['http://127.0.0.1:8086/', 'http://127.0.0.1/', 'https://127.0.0.1/']) {
    expect(isOpen(url, '127.0.0.1')).toBe(false);
    expect(isOpen(url.replace('127.0.0.1', '[::1]'), '::1')).toBe(false);
  }
  expect(isOpen('http://127.0.0.2:8085/', '127.0.0.2')).toBe(false);
  expect(isOpen('https://auth.acme.example:8443/', '10.1.2.3')).toBe(true);
  expect(isOpen('https://auth.acme.example/', '10.1.2.3')).toBe(false);
  // A URL need not name the port of its scheme.
  expect(isOpen('https://other.acme.example/', '10.1.2.3')).toBe(true);
  expect(isOpen('http://other.acme.example/', '10.1.2.3')).toBe(false);
  expect(policy('127.0.0.1:8085,127.0.0.1').refusalOf(new URL('https://127.0.0.1:1/'), '127.0.0.1')).toBe(
    undefined,
  );
});

test('a metadata service is opened by its very address only', () => {
  const wide = policy('auth.acme.example,100.64.0.0/10,169.254.0.0/16,fd00::/8,0.0.0.0/0');
  expect(isAllowed(wide, URL_OF_ACME, '100.64.0.1')).toBe(true);
  expect(isAllowed(wide, URL_OF_ACME, '169.254.7.7')).toBe(true);
  for (const address of ['100.100.100.200', '169.254.169.254', '::ffff:169.254.169.254', 'fd00:ec2::254']) {
    expect(isAllowed(wide, URL_OF_ACME, address)).toBe(false);
  }
  expect(isAllowed(policy('169.254.169.254/32'), URL_OF_ACME, '169.254.169.254')).toBe(true);
  expect(isAllowed(policy('fd00:ec2::254'), URL_OF_ACME, 'fd00:ec2:0::254')).toBe(true);
});

test('the development switch opens loopback, by http too, and nothing else', () => {
  const development = policy('', true);
  expect(development.urlOf('http://localhost:8080/').protocol).toBe('http:');
  expect(isAllowed(development, 'http://localhost/', '127.0.0.2')).toBe(true);
  expect(isAllowed(development, 'https://localhost/', '::1')).toBe(true);
  expect(isAllowed(development, 'https://localhost/', '10.0.0.1')).toBe(false);
  expect(isAllowed(development, 'http://example.com/', '1.1.1.1')).toBe(false);
});

test('a request that takes http reaches the same addresses by it, and no others', () => {
  const scope = { allowHttp: true };
  const url = policy().urlOf('http://ocsp.example.com/', scope);
  expect(policy().refusalOf(url, '1.1.1.1', scope)).toBeUndefined();
  expect(policy().refusalOf(url, '127.0.0.1', scope)).toMatchObject({ addressKind: 'loopback' });
  expect(policy().refusalOf(url, '10.1.2.3', scope)).toMatchObject({ addressKind: 'private' });
  expect(policy('10.0.0.0/8').refusalOf(url, '10.1.2.3', scope)).toBeUndefined();
  expect(policy('10.0.0.0/8').refusalOf(url, '169.254.169.254', scope)).toMatchObject({
    addressKind: 'metadata',
  });
  expect(() => policy().urlOf('ldap://ocsp.example.com/', scope)).toThrow('http:// or https://');
});

test.each([
  '10.0.0.0/33',
  'fd00::/129',
  '10.0.0/8',
  '10.0.0.0/8:443',
  'host:0',
  'host:65536',
  'host:',
  '[host]:443:1',
  '*.example.com',
  'https://a.example',
  '1.2.3',
])('%s is no entry of the list', (entry) => {
  expect(() => AllowList.parse(`example.com,${entry}`)).toThrow(JSON.stringify(entry));
});
