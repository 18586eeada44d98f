import { z } from 'zod';

/** How many items a page holds unless the caller says otherwise, and at most. */
export const DEFAULT_PAGE_LIMIT = 50;
export const MAX_PAGE_LIMIT = 1_000;

/** Lists page by key: `next` goes into the next request's `after`; null on the last page. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ items: z.array(item), next: z.string().nullable() });

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** The query of every list. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_LIMIT).default(DEFAULT_PAGE_LIMIT),
  after: z.string().optional(),
});
