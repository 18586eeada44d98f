const BUCKETS = 100;

/**
 * Whether a device is among the share that a canary parses: FNV-1a (32 bit) of its name, mixed once more so that
 * it says nothing of the device's uplink partition, modulo 100. A device that is in a share is in every larger one.
 *
 * @param percent 0 to 100
 */
export function isInCanary(deviceName: string, percent: number): boolean {
  let hash = 0x811c9dc5;
  for (let index = 0; index < deviceName.length; index += 1) {
    hash = Math.imul(hash ^ deviceName.charCodeAt(index), 0x01000193);
  }
  // The last step of MurmurHash3: similar names, which differ in few bits, end up far apart.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % BUCKETS < percent;
}
