import type { Page } from '@gatehouse/contracts';

/** Lists page by key: `after` is the `next` of the page before. */
export interface PageRequest {
  readonly limit: number;
  readonly after?: string | undefined;
}

/** @param rows what was read with `limit + 1`: one row too many tells that there is a next page */
export function pageOfRows<Row, Item>(
  rows: readonly Row[],
  limit: number,
  { item, cursor }: { readonly item: (row: Row) => Item; readonly cursor: (row: Row) => string },
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(item),
    next: last !== undefined && rows.length > limit ? cursor(last) : null,
  };
}
