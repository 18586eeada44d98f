import type { PacketProperties, UserProperty } from './packet-properties.ts';
import { type PropertyDefinition, propertyByName } from './property-definitions.ts';
import { variableByteIntegerBytes, writeBinary, writeText, writeVariableByteInteger } from './wire-writer.ts';

type PropertyValue = NonNullable<PacketProperties[keyof PacketProperties]>;

/** How many bytes the properties take, without the length that stands before them. */
export function propertiesByteLength(properties: PacketProperties): number {
  let byteLength = 0;
  for (const [{ format }, value] of definedProperties(properties)) {
    switch (format) {
      case 'bit':
      case 'flag':
        byteLength += 2;
        break;
      case 'uint16':
        byteLength += 3;
        break;
      case 'uint32':
        byteLength += 5;
        break;
      case 'integers':
        for (const integer of value as number[]) byteLength += 1 + variableByteIntegerBytes(integer);
        break;
      case 'text':
        byteLength += 3 + Buffer.byteLength(value as string);
        break;
      case 'binary':
        byteLength += 3 + (value as Buffer).length;
        break;
      case 'text pairs':
        for (const [name, text] of value as UserProperty[]) {
          byteLength += 5 + Buffer.byteLength(name) + Buffer.byteLength(text);
        }
        break;
    }
  }
  return byteLength;
}

/**
 * Writes their length and then the properties.
 *
 * @param byteLength what `propertiesByteLength` said of them
 * @returns the position behind them
 */
export function writeProperties(
  buffer: Buffer,
  properties: PacketProperties,
  position: number,
  byteLength: number,
): number {
  let end = writeVariableByteInteger(buffer, byteLength, position);
  for (const [{ identifier, format }, value] of definedProperties(properties)) {
    switch (format) {
      case 'bit':
      case 'flag':
        end = buffer.writeUInt8(identifier, end);
        end = buffer.writeUInt8(Number(value), end);
        break;
      case 'uint16':
        end = buffer.writeUInt8(identifier, end);
        end = buffer.writeUInt16BE(value as number, end);
        break;
      case 'uint32':
        end = buffer.writeUInt8(identifier, end);
        end = buffer.writeUInt32BE(value as number, end);
        break;
      case 'integers':
        for (const integer of value as number[]) {
          end = buffer.writeUInt8(identifier, end);
          end = writeVariableByteInteger(buffer, integer, end);
        }
        break;
      case 'text':
        end = buffer.writeUInt8(identifier, end);
        end = writeText(buffer, value as string, end);
        break;
      case 'binary':
        end = buffer.writeUInt8(identifier, end);
        end = writeBinary(buffer, value as Buffer, end);
        break;
      case 'text pairs':
        for (const [name, text] of value as UserProperty[]) {
          end = buffer.writeUInt8(identifier, end);
          end = writeText(buffer, name, end);
          end = writeText(buffer, text, end);
        }
        break;
    }
  }
  return end;
}

/** The value has the type that its definition's format stands for. */
function* definedProperties(properties: PacketProperties): Iterable<[PropertyDefinition, PropertyValue]> {
  for (const [name, value] of Object.entries(properties)) {
    const definition = propertyByName.get(name);
    if (definition !== undefined && value !== undefined) yield [definition, value];
  }
}
