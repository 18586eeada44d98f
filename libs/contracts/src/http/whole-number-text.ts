import { z } from 'zod';

const DIGITS = /^\d{1,15}$/;

/**
 * A whole number as it stands in an address: decimal digits and nothing else. Number() would also take `''`,
 * `1e3`, `0x10` and lists. What is not digits is refused as the text that it is.
 *
 * @param range with its default, if it has one: outside it would not stand in the documentation
 */
export const wholeNumberText = <Range extends z.ZodInt | z.ZodDefault<z.ZodInt>>(range: Range) =>
  z.preprocess((text) => (typeof text === 'string' && DIGITS.test(text) ? Number(text) : text), range);
