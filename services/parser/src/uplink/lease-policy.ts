/** How long before its lease ends on the server an owner stops: clocks and answers need time too. */
export const LEASE_MARGIN_MS = 1_000;

/** How many partitions one instance takes at most, so that together they take all. */
export function fairShare(partitions: number, liveInstances: number): number {
  return Math.ceil(partitions / Math.max(liveInstances, 1));
}

/** What an instance that holds more than its share gives back: the highest numbers. */
export function partitionsToRelease(owned: Iterable<number>, share: number): number[] {
  return [...owned].toSorted((a, b) => a - b).slice(share);
}

/**
 * The partitions to try for, in the order to try them in; each instance begins at another place, so that two
 * that start together do not race for every single one.
 */
export function partitionsToTry(partitions: number, owned: ReadonlySet<number>, offset: number): number[] {
  return Array.from({ length: partitions }, (_, index) => (index + offset) % partitions).filter(
    (partition) => !owned.has(partition),
  );
}

/**
 * Until when a lease may be relied on, in the milliseconds of the owner's monotonic clock.
 *
 * @param askedAt when the renewal that succeeded was sent: the server's time runs from then at the earliest
 */
export function leaseEndsAt(askedAt: number, ttlMs: number): number {
  return askedAt + ttlMs - LEASE_MARGIN_MS;
}
