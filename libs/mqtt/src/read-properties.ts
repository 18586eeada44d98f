import { MalformedPacket, protocolError } from './mqtt.failures.ts';
import type { PacketProperties, UserProperty } from './packet-properties.ts';
import { type PropertyDefinition, type PropertyPlace, propertyByIdentifier } from './property-definitions.ts';
import type { WireReader } from './wire-reader.ts';

type PropertyValue = NonNullable<PacketProperties[keyof PacketProperties]>;

/**
 * Reads the properties of a packet or a will: their length and that many bytes.
 *
 * @returns undefined when there are none
 * @throws {MalformedPacket} for a property that is unknown, in the wrong packet, there twice or out of range
 * @see MQTT 5.0 §2.2.2
 */
export function readProperties(reader: WireReader, place: PropertyPlace): PacketProperties | undefined {
  const byteLength = reader.readVariableByteInteger();
  if (byteLength === 0) return undefined;
  if (byteLength > reader.remaining) throw new MalformedPacket('the properties are longer than their packet');
  const leftAfter = reader.remaining - byteLength;

  const properties: Partial<Record<keyof PacketProperties, PropertyValue>> = {};
  while (reader.remaining > leftAfter) {
    // Identifiers above 127 would take two bytes, but the specification defines none.
    const definition = propertyByIdentifier[reader.readByte()];
    if (definition === undefined) throw new MalformedPacket('a property has an unknown identifier');
    const { name } = definition;
    if ((definition.places & place) === 0) throw protocolError(`the property ${name} is not allowed here`);
    properties[name] = readValue(reader, definition, properties[name]);
  }
  if (reader.remaining < leftAfter) throw new MalformedPacket('the last property is longer than its block');
  // Each name was given a value in the format of its own definition.
  const found = properties as PacketProperties;
  // [MQTT5-3.3.2-14]
  if (found.responseTopic !== undefined && /[+#]/.test(found.responseTopic)) {
    throw protocolError('the response topic contains a wildcard');
  }
  return found;
}

function readValue(
  reader: WireReader,
  { name, format, nonZero }: PropertyDefinition,
  earlier: PropertyValue | undefined,
): PropertyValue {
  if (format === 'text pairs') {
    const pair: UserProperty = [reader.readText(), reader.readText()];
    if (earlier === undefined) return [pair];
    (earlier as UserProperty[]).push(pair);
    return earlier;
  }
  if (earlier !== undefined) throw protocolError(`the property ${name} occurs twice`);
  switch (format) {
    case 'text':
      return reader.readText();
    case 'binary':
      return reader.readBinary();
    case 'bit':
      return readBit(reader, name);
    case 'flag':
      return readBit(reader, name) === 1;
    case 'uint16':
      return inRange(reader.readUint16(), name, nonZero);
    case 'uint32':
      return inRange(reader.readUint32(), name, nonZero);
    case 'integers':
      // Only a server sends several. [MQTT5-3.3.4-6]
      return [inRange(reader.readVariableByteInteger(), name, nonZero)];
  }
}

function readBit(reader: WireReader, name: string): 0 | 1 {
  const value = reader.readByte();
  if (value === 0 || value === 1) return value;
  throw protocolError(`the property ${name} is ${value}, neither 0 nor 1`);
}

function inRange(value: number, name: string, nonZero: boolean): number {
  if (nonZero && value === 0) throw protocolError(`the property ${name} is 0`);
  return value;
}
