const REPLACEMENT_CHARACTER = '\uFFFD';

/**
 * JSON that a jsonb column takes. PostgreSQL refuses U+0000 and lone surrogates; what devices send may hold
 * either, and must not keep the event from being written: U+FFFD takes their place.
 */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value);
  // JSON.stringify escapes nothing else that way but other control characters: nearly all values end here.
  return json.includes(String.raw`\u`) ? JSON.stringify(value, storableValue) : json;
}

function storableValue(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', REPLACEMENT_CHARACTER) : value;
}
