/**
 * The key of a device in the bucket `sessions`. Keys of NATS buckets may hold letters, digits and `-/=_.`
 * only, fewer than a subject token: what else a device name holds is written as `=` and two hexadecimal
 * digits, byte by byte of its UTF-8.
 */
export function sessionKey(productKey: string, deviceName: string): string {
  if (!/[^A-Za-z0-9_-]/.test(deviceName)) return `${productKey}.${deviceName}`;
  let token = '';
  for (const byte of new TextEncoder().encode(deviceName)) {
    const character = String.fromCharCode(byte);
    token += /[A-Za-z0-9_-]/.test(character)
      ? character
      : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return `${productKey}.${token}`;
}

/** Whose entry a key of the bucket `sessions` names; undefined when {@link sessionKey} did not make it. */
export function deviceOfSessionKey(key: string): { productKey: string; deviceName: string } | undefined {
  const dot = key.indexOf('.');
  if (dot < 1) return undefined;
  try {
    return {
      productKey: key.slice(0, dot),
      deviceName: decodeURIComponent(key.slice(dot + 1).replaceAll('=', '%')),
    };
  } catch {
    return undefined;
  }
}
