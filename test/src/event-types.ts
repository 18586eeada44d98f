import { z } from 'zod';

const page = z.object({ items: z.array(z.object({ type: z.string() })) });

/** The types of a page of events, newest first as the API gives them. */
export function eventTypes(body: unknown): string[] {
  return page.parse(body).items.map(({ type }) => type);
}
