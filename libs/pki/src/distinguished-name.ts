import 'reflect-metadata';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Name } from '@peculiar/asn1-x509';
import { Name as TextName, type JsonName } from '@peculiar/x509';

/** A Name of one attribute, as UTF-8. */
export function commonNameOnly(commonName: string): Name {
  return nameOf([{ CN: [commonName] }]);
}

/** RDNs in the order of the certificate, each a map from attribute types to their values. */
export function nameOf(rdns: readonly Readonly<Record<string, readonly string[]>>[]): Name {
  const json: JsonName = rdns.map((rdn) =>
    Object.fromEntries(Object.entries(rdn).map(([type, values]) => [type, [...values]])),
  );
  return AsnConvert.parse(new TextName(json).toArrayBuffer(), Name);
}
