export type CountsByReason = Readonly<Record<string, number>>;

export function sumByReason(parts: readonly CountsByReason[]): CountsByReason {
  const sums: Record<string, number> = {};
  for (const [reason, count] of parts.flatMap((part) => Object.entries(part))) {
    sums[reason] = (sums[reason] ?? 0) + count;
  }
  return sums;
}

/** For a cell of a table. */
export function reasonsInWords(counts: CountsByReason): string {
  return Object.entries(counts)
    .map(([reason, count]) => `${reason}: ${count}`)
    .join(', ');
}
