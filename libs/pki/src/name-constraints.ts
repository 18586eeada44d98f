import type { X509Certificate } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import {
  Certificate,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  NameConstraints,
  SubjectAlternativeName,
  type GeneralName,
  type Name,
} from '@peculiar/asn1-x509';
import { bytesOf, parseDer } from './der.ts';
import { CertificateMalformed } from './pki.failures.ts';

/** A name that an authority above does not let its certificates have (RFC 5280 §4.2.1.10). */
export interface NameViolation {
  readonly authority: X509Certificate;
  readonly certificate: X509Certificate;
  /** Such as `DNS:mqtt.example.com`, `IP:10.0.0.1` or `CN=mqtt`. */
  readonly name: string;
  /** It is none of those that are permitted, or one of those that are excluded. */
  readonly rule: 'permitted' | 'excluded';
}

type Kind = 'DNS' | 'IP' | 'directory';

interface ConstrainedName {
  readonly kind: Kind;
  /** DNS in lower case, an address or a subnet in CIDR, or attributes of a name from the top, as comparable text. */
  readonly value: string | readonly string[];
  /** For people. */
  readonly text: string;
}

interface Link {
  readonly certificate: X509Certificate;
  readonly names: readonly ConstrainedName[];
  readonly permitted: readonly ConstrainedName[];
  readonly excluded: readonly ConstrainedName[];
}

/**
 * The first name that breaks a constraint of a certificate above it: DNS names, addresses and directory names, as
 * servers have them.
 *
 * @param chain end-entity first. Throws CertificateMalformed.
 */
export function nameViolation(chain: readonly X509Certificate[]): NameViolation | undefined {
  const links = chain.map(linkOf);
  for (const [index, authority] of links.entries()) {
    for (const [below, { certificate, names }] of links.slice(0, index).entries()) {
      // An authority's certificates for itself are exempt, unless it is the last one (RFC 5280 §6.1.4 (b)).
      if (below > 0 && certificate.subject === certificate.issuer) continue;
      for (const name of names) {
        const rule = brokenRule(name, authority);
        if (rule !== undefined) {
          return { authority: authority.certificate, certificate, name: name.text, rule };
        }
      }
    }
  }
  return undefined;
}

function brokenRule(name: ConstrainedName, { permitted, excluded }: Link): NameViolation['rule'] | undefined {
  const within = (subtree: ConstrainedName): boolean => subtree.kind === name.kind && isWithin(name, subtree);
  if (excluded.some(within)) return 'excluded';
  const isLimited = permitted.some(({ kind }) => kind === name.kind);
  return isLimited && !permitted.some(within) ? 'permitted' : undefined;
}

function isWithin({ value: name }: ConstrainedName, { kind, value: subtree }: ConstrainedName): boolean {
  if (typeof name !== 'string' || typeof subtree !== 'string') {
    return Array.from(subtree).every((part, index) => part === name[index]);
  }
  return kind === 'IP' ? isInSubnet(name, subtree) : isBelow(name, subtree);
}

/** `example.com` lets itself and all below it, `.example.com` only what is below it, and nothing lets all. */
function isBelow(name: string, subtree: string): boolean {
  return (
    subtree === '' || name === subtree || name.endsWith(subtree.startsWith('.') ? subtree : `.${subtree}`)
  );
}

function isInSubnet(address: string, subnet: string): boolean {
  const [network = '', prefix] = subnet.split('/');
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(address) !== isIP(network)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family);
  return list.check(address, family);
}

function linkOf(certificate: X509Certificate): Link {
  try {
    const { tbsCertificate } = parseDer(certificate.raw, Certificate);
    const find = <T>(id: string, schema: new () => T): T | undefined => {
      const found = tbsCertificate.extensions?.find(({ extnID }) => extnID === id);
      return found && parseDer(bytesOf(found.extnValue.buffer), schema);
    };
    const constraints = find(id_ce_nameConstraints, NameConstraints);
    const alternatives = find(id_ce_subjectAltName, SubjectAlternativeName) ?? [];
    const text = certificate.subject.replaceAll('\n', ', ');
    const subject =
      tbsCertificate.subject.length === 0 ? [] : [{ ...directoryName(tbsCertificate.subject), text }];
    return {
      certificate,
      names: [...Array.from(alternatives).flatMap(constrainedName), ...subject],
      permitted: (constraints?.permittedSubtrees ?? []).flatMap(({ base }) => constrainedName(base)),
      excluded: (constraints?.excludedSubtrees ?? []).flatMap(({ base }) => constrainedName(base)),
    };
  } catch (error) {
    throw new CertificateMalformed('the names of a certificate cannot be decoded', error);
  }
}

/** None of kinds that no server goes by. */
function constrainedName({ dNSName, iPAddress, directoryName: name }: GeneralName): ConstrainedName[] {
  if (dNSName !== undefined) return [{ kind: 'DNS', value: dNSName.toLowerCase(), text: `DNS:${dNSName}` }];
  if (iPAddress !== undefined) return [{ kind: 'IP', value: iPAddress, text: `IP:${iPAddress}` }];
  return name === undefined ? [] : [directoryName(name)];
}

/** RFC 5280 §7.1: without regard to case, to the number of spaces, and to the kind of string. */
function directoryName(name: Name): ConstrainedName {
  const parts = Array.from(name, (relative) =>
    Array.from(relative, ({ type, value }) => `${type}=${value.toString()}`.trim())
      .map((attribute) => attribute.toLowerCase().replaceAll(/\s+/g, ' '))
      .toSorted()
      .join('+'),
  );
  return { kind: 'directory', value: parts, text: parts.join(', ') };
}
