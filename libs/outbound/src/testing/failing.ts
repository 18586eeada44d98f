import { expect } from 'vitest';

/** A failure with this code, whose message says this. */
export const failing = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });
