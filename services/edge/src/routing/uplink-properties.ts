import type { UplinkProperties } from '@gatehouse/contracts';
import type { PublishProperties } from '@gatehouse/mqtt';
import { MAX_PROPERTY_BYTES, PropertiesTooLarge } from './uplink.failures.ts';

/** JSON writes one character as six bytes at worst, `\u0000`. */
const WORST_JSON_BYTES = 6;

/**
 * The properties of a PUBLISH that travel with the message; undefined when there are none.
 *
 * @throws {PropertiesTooLarge}
 */
export function uplinkProperties(properties: PublishProperties | undefined): UplinkProperties | undefined {
  if (properties === undefined) return undefined;
  const { payloadFormatIndicator, messageExpiryInterval, contentType, responseTopic } = properties;
  const { correlationData, userProperties } = properties;
  const travelling: UplinkProperties = {
    ...(payloadFormatIndicator === undefined ? {} : { payloadFormatIndicator }),
    ...(messageExpiryInterval === undefined ? {} : { messageExpiryInterval }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData: correlationData.toString('base64') }),
    ...(userProperties === undefined ? {} : { userProperties }),
  };
  let characters = 0;
  let count = 0;
  for (const value of Object.values(travelling)) {
    count += 1;
    if (typeof value === 'string') characters += value.length;
  }
  if (count === 0) return undefined;
  for (const [name, value] of userProperties ?? []) characters += name.length + value.length + 10;
  if (
    characters * WORST_JSON_BYTES > MAX_PROPERTY_BYTES - 1_000 &&
    Buffer.byteLength(JSON.stringify(travelling)) > MAX_PROPERTY_BYTES
  ) {
    throw new PropertiesTooLarge();
  }
  return travelling;
}
