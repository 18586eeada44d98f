import {
  CertificateList,
  type DistributionPointName,
  id_ce_cRLNumber,
  id_ce_cRLReasons,
  id_ce_issuingDistributionPoint,
  IssuingDistributionPoint,
  type Extension,
} from '@peculiar/asn1-x509';
import {
  Boolean as Asn1Boolean,
  Enumerated,
  GeneralizedTime,
  Integer,
  ObjectIdentifier,
  OctetString,
  Sequence,
  UTCTime,
  type AsnType,
} from 'asn1js';
import {
  bytesOf,
  childrenOf,
  decodeDer,
  DerInvalid,
  hasContextTag,
  originalDer,
  parseDer,
  serialNumberOf,
  toSchema,
  validDate,
} from './der.ts';
import { RevocationListMalformed } from './pki.failures.ts';
import { revocationReasonName, type RevocationReasonName } from './revocation-reason.ts';
import type { SignedBytes } from './signature.ts';

export const REVOCATION_LIST_MAX_BYTES = 4 * 1024 * 1024;
/** An entry with a reason has eight values and some 45 bytes. */
const MAX_NODES = 800_000;

export interface RevokedEntry {
  readonly revokedAt: Date;
  readonly reason: RevocationReasonName | null;
}

/** Which certificates of its issuer a list is about; all of them unless it says so. */
export interface RevocationListScope {
  readonly endEntities: boolean;
  readonly authorities: boolean;
  /** False: for some reasons only, or for certificates of other issuers too (an indirect CRL). */
  readonly isComplete: boolean;
  /** URIs of the distribution point whose certificates it is about; none of a name of another kind. Null: of all. */
  readonly distributionPoint: readonly string[] | null;
}

export interface RevocationList {
  /** DER of the Name. */
  readonly issuer: Uint8Array<ArrayBuffer>;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | null;
  /** Lower-case hexadecimal; null without. */
  readonly number: string | null;
  readonly scope: RevocationListScope;
  /** By serial number, lower-case hexadecimal. */
  readonly entries: ReadonlyMap<string, RevokedEntry>;
  /** OIDs of those that this library knows nothing of; an entry's count too (RFC 5280 §5.3). */
  readonly unknownCriticalExtensions: readonly string[];
  readonly signature: SignedBytes;
}

/**
 * What a CRL says (RFC 5280 §5), believed by nobody yet. Takes DER; its time grows with its size: a large one belongs on a thread of its own.
 * Throws RevocationListMalformed.
 */
export function readRevocationList(der: Uint8Array): RevocationList {
  try {
    const value = decodeDer(der, { maxBytes: REVOCATION_LIST_MAX_BYTES, maxNodes: MAX_NODES });
    const [tbs] = childrenOf(value);
    const signed = originalDer(tbs);
    const entries = takeEntries(tbs);
    const list = toSchema(value, CertificateList);
    const { thisUpdate, nextUpdate, crlExtensions = [] } = list.tbsCertList;
    const unknown = unknownCritical(crlExtensions);
    return {
      issuer: issuerOf(childrenOf(tbs)),
      thisUpdate: validDate(thisUpdate.getTime()),
      nextUpdate: nextUpdate === undefined ? null : validDate(nextUpdate.getTime()),
      number: numberOf(crlExtensions),
      scope: scopeOf(crlExtensions),
      entries: new Map(entries.map((entry) => readEntry(entry, unknown))),
      unknownCriticalExtensions: [...unknown],
      signature: {
        signed,
        algorithm: list.signatureAlgorithm,
        signature: bytesOf(list.signature),
      },
    };
  } catch (error) {
    throw new RevocationListMalformed('this is no certificate revocation list of RFC 5280 in DER', error);
  }
}

/** After the version, which may be left out, and the algorithm. */
function issuerOf(fields: ReturnType<typeof childrenOf>): Uint8Array<ArrayBuffer> {
  return originalDer(fields[fields[0] instanceof Integer ? 2 : 1]);
}

/**
 * Takes the entries out of what the schema decodes the rest of: value by value it takes a hundred times as long.
 * They are the SEQUENCE after the dates.
 */
function takeEntries(tbs: AsnType | undefined): readonly AsnType[] {
  const fields = childrenOf(tbs);
  const at =
    fields.findLastIndex((field) => field instanceof UTCTime || field instanceof GeneralizedTime) + 1;
  const found = fields[at];
  if (!(found instanceof Sequence)) return [];
  fields.splice(at, 1);
  return childrenOf(found);
}

function readEntry(entry: AsnType, unknown: Set<string>): [string, RevokedEntry] {
  const [serial, date, extensions] = childrenOf(entry);
  const isDate = date instanceof UTCTime || date instanceof GeneralizedTime;
  if (!(serial instanceof Integer) || !isDate) throw new DerInvalid('an entry is none');
  const revokedAt = validDate(date.toDate());
  let reason: RevocationReasonName | null = null;
  for (const extension of extensions === undefined ? [] : childrenOf(extensions)) {
    const [id, ...rest] = childrenOf(extension);
    const value = rest.at(-1);
    if (!(id instanceof ObjectIdentifier) || !(value instanceof OctetString))
      throw new DerInvalid('an extension is none');
    const isCritical = rest.some((part) => part instanceof Asn1Boolean && part.getValue());
    const name = id.getValue();
    if (name === id_ce_cRLReasons) reason = reasonOf(value.valueBlock.valueHexView);
    else if (isCritical) unknown.add(name);
  }
  return [serialNumberOf(serial.valueBlock.valueHexView), { revokedAt, reason }];
}

function reasonOf(value: Uint8Array): RevocationReasonName {
  const reason = decodeDer(value, { maxBytes: 16 });
  if (!(reason instanceof Enumerated)) throw new DerInvalid('a reason is none');
  return revocationReasonName(reason.valueBlock.valueDec);
}

function numberOf(extensions: readonly Extension[]): string | null {
  const value = extensionValue(extensions, id_ce_cRLNumber);
  if (value === null) return null;
  const number = decodeDer(value, { maxBytes: 64 });
  if (!(number instanceof Integer)) throw new DerInvalid('its number is none');
  return serialNumberOf(number.valueBlock.valueHexView);
}

const COMPLETE: RevocationListScope = {
  endEntities: true,
  authorities: true,
  isComplete: true,
  distributionPoint: null,
};

function scopeOf(extensions: readonly Extension[]): RevocationListScope {
  const value = extensionValue(extensions, id_ce_issuingDistributionPoint);
  if (value === null) return COMPLETE;
  // What the library makes of absent BOOLEANs is not theirs to say: the tags tell.
  const flags = childrenOf(decodeDer(value, { maxBytes: 65_536 }));
  const { distributionPoint } = parseDer(value, IssuingDistributionPoint);
  const has = (tag: number): boolean => flags.some((flag) => hasContextTag(flag, tag));
  const onlyEndEntities = has(1);
  const onlyAuthorities = has(2);
  const onlyAttributes = has(5);
  return {
    endEntities: !onlyAuthorities && !onlyAttributes,
    authorities: !onlyEndEntities && !onlyAttributes,
    isComplete: !has(3) && !has(4),
    distributionPoint: has(0) ? urisOf(distributionPoint) : null,
  };
}

function urisOf(point: DistributionPointName | undefined): string[] {
  return (point?.fullName ?? []).flatMap(({ uniformResourceIdentifier }) => uniformResourceIdentifier ?? []);
}

const KNOWN: ReadonlySet<string> = new Set([id_ce_cRLNumber, id_ce_issuingDistributionPoint]);

function unknownCritical(extensions: readonly Extension[]): Set<string> {
  const critical = extensions.filter((extension) => extension.critical).map(({ extnID }) => extnID);
  return new Set(critical.filter((id) => !KNOWN.has(id)));
}

function extensionValue(extensions: readonly Extension[] | undefined, id: string): Uint8Array | null {
  const found = extensions?.find(({ extnID }) => extnID === id);
  return found === undefined ? null : bytesOf(found.extnValue.buffer);
}
