import { z } from 'zod';
import { wholeNumberText } from './whole-number-text.ts';

/** How many items a page holds unless the caller says otherwise, and at most. */
export const DEFAULT_PAGE_LIMIT = 50;
export const MAX_PAGE_LIMIT = 1_000;
/** No cursor of ours is longer. */
const MAX_CURSOR_CHARACTERS = 300;

/** Lists page by key: `next` goes into the next request's `after`; null on the last page. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({
    items: z.array(item),
    next: z.string().nullable().describe('For the next request; null on the last page'),
  });

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** The query of every list. */
export const pageQuery = z.strictObject({
  limit: wholeNumberText(z.int().min(1).max(MAX_PAGE_LIMIT).default(DEFAULT_PAGE_LIMIT)),
  after: z.string().max(MAX_CURSOR_CHARACTERS).optional(),
});

const versionCursor = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'must be the next of the page before')
  .optional();

/** The query of a list of versions, newest first. */
export const versionListQuery = pageQuery.extend({ after: versionCursor });

/** The query of a history, newest first. */
export const historyQuery = versionListQuery
  .extend({ before: versionCursor })
  .refine(({ after, before }) => after === undefined || before === undefined, {
    path: ['before'],
    error: 'is a former name of after: give one of the two',
  });
