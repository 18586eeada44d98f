import { z } from 'zod';

/** An instant in a query: ISO 8601 with `Z` or an offset, such as 2026-11-21T03:12:00Z. */
export const instant = z.iso.datetime({
  offset: true,
  error: 'must be an instant like 2026-11-21T03:12:00Z',
});
