import {
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_nameConstraints,
  NameConstraints,
} from '@peculiar/asn1-x509';
import { expect, test } from 'vitest';
import { encodeDer } from './der.ts';
import { nameOf } from './distinguished-name.ts';
import { extensionOf, type ExtensionsToIssue } from './extensions-to-issue.ts';
import { nameViolation } from './name-constraints.ts';
import { TestAuthority, type TestCertificateRequest } from './test-authority.ts';

const root = TestAuthority.createRoot();

function violation(authority: ExtensionsToIssue, leaf: Partial<TestCertificateRequest>) {
  const intermediate = root.createIntermediate({ commonName: 'Site', ...authority });
  const issued = intermediate.issueServer({ commonName: 'server', dnsNames: [], ...leaf });
  return nameViolation([issued.certificate, intermediate.certificate]);
}

const DNS = (...dnsNames: string[]) => ({ dnsNames });
const IP = (...ipAddresses: string[]) => ({ ipAddresses });
const allowed: readonly [string, ExtensionsToIssue, Partial<TestCertificateRequest>][] = [
  ['no constraint', {}, DNS('a.example.com')],
  ['the domain itself', { permittedNames: DNS('example.com') }, DNS('example.com')],
  ['a host below it, in any case', { permittedNames: DNS('Example.com') }, DNS('a.b.EXAMPLE.com')],
  ['a wildcard below it', { permittedNames: DNS('example.com') }, DNS('*.example.com')],
  ['a host below a point', { permittedNames: DNS('.example.com') }, DNS('a.example.com')],
  ['one of two domains', { permittedNames: DNS('a.org', 'b.org') }, DNS('x.b.org', 'a.org')],
  ['an address where only domains are limited', { permittedNames: DNS('a.org') }, IP('10.0.0.1')],
  ['a neighbour of what is excluded', { excludedNames: DNS('a.org') }, DNS('xa.org')],
  ['an address of the subnet', { permittedNames: IP('10.0.0.0/8') }, IP('10.255.0.1')],
  ['an IPv6 address of the subnet', { permittedNames: IP('fd00::/8') }, IP('fd12::1')],
  ['an address beside what is excluded', { excludedNames: IP('10.0.0.0/8') }, IP('11.0.0.1')],
];
test.each(allowed)('%s is allowed', (_title, authority, leaf) => {
  expect(violation(authority, leaf)).toBeUndefined();
});

const refused: readonly [string, ExtensionsToIssue, Partial<TestCertificateRequest>, string][] = [
  ['another domain', { permittedNames: DNS('a.org') }, DNS('b.org'), 'permitted DNS:b.org'],
  ['a domain that ends alike', { permittedNames: DNS('a.org') }, DNS('xa.org'), 'permitted DNS:xa.org'],
  ['the domain of a point', { permittedNames: DNS('.a.org') }, DNS('a.org'), 'permitted DNS:a.org'],
  ['one name of two', { permittedNames: DNS('a.org') }, DNS('a.org', 'b.org'), 'permitted DNS:b.org'],
  ['an excluded domain', { excludedNames: DNS('a.org') }, DNS('x.a.org'), 'excluded DNS:x.a.org'],
  [
    'what is excluded of what is permitted',
    { permittedNames: DNS('a.org'), excludedNames: DNS('x.a.org') },
    DNS('x.a.org'),
    'excluded DNS:x.a.org',
  ],
  ['another subnet', { permittedNames: IP('10.0.0.0/8') }, IP('11.0.0.1'), 'permitted IP:11.0.0.1'],
  ['the other family', { permittedNames: IP('10.0.0.0/8') }, IP('fd12::1'), 'permitted IP:fd12::1'],
  ['an excluded subnet', { excludedNames: IP('10.1.0.0/16') }, IP('10.1.2.3'), 'excluded IP:10.1.2.3'],
];
test.each(refused)('%s is refused', (_title, authority, leaf, found) => {
  const { rule, name } = violation(authority, leaf) ?? {};
  expect(`${rule} ${name}`).toBe(found);
});

const organization = (O: string) => {
  const base = new GeneralName({ directoryName: nameOf([{ O: [O] }]) });
  const constraints = new NameConstraints({
    permittedSubtrees: new GeneralSubtrees([new GeneralSubtree({ base })]),
  });
  return root.createIntermediate({
    moreExtensions: [extensionOf(id_ce_nameConstraints, encodeDer(constraints), true)],
  });
};

test('subjects must begin with the directory name that is permitted, whatever its case', () => {
  const site = organization('Plant  East');
  const right = site.issueServer({ subject: nameOf([{ O: ['plant east'] }, { CN: ['a'] }]) });
  expect(nameViolation([right.certificate, site.certificate])).toBeUndefined();
  const wrong = site.issueServer({ subject: nameOf([{ O: ['Plant West'] }, { CN: ['a'] }]) });
  expect(nameViolation([wrong.certificate, site.certificate])).toMatchObject({
    rule: 'permitted',
    name: 'O=Plant West, CN=a',
  });
});

test('a constraint holds for all below it, authorities included', () => {
  const top = root.createIntermediate({ permittedNames: DNS('a.org') });
  const lower = top.createIntermediate({ commonName: 'lower' });
  const leaf = lower.issueServer(DNS('b.org'));
  expect(nameViolation([leaf.certificate, lower.certificate, top.certificate])).toMatchObject({
    authority: top.certificate,
    certificate: leaf.certificate,
  });
});
