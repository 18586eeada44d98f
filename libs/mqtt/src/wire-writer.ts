/** How many bytes `value` takes as a variable byte integer: 1 to 4. */
export function variableByteIntegerBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x20_0000 ? 3 : 4;
}

/** @returns the position behind it */
export function writeVariableByteInteger(buffer: Buffer, value: number, position: number): number {
  let rest = value;
  let end = position;
  while (rest >= 0x80) {
    buffer[end++] = (rest & 0x7f) | 0x80;
    rest >>= 7;
  }
  buffer[end++] = rest;
  return end;
}

/** Writes a UTF-8 encoded string of at most 65 535 bytes. @returns the position behind it */
export function writeText(buffer: Buffer, text: string, position: number): number {
  const start = position + 2;
  const byteLength = buffer.write(text, start);
  buffer.writeUInt16BE(byteLength, position);
  return start + byteLength;
}

/** @returns the position behind it */
export function writeBinary(buffer: Buffer, bytes: Uint8Array, position: number): number {
  const start = buffer.writeUInt16BE(bytes.length, position);
  buffer.set(bytes, start);
  return start + bytes.length;
}
