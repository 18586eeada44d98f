import { createHash, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;
const FORM = /^gh_[A-Za-z0-9_-]{43}$/;

/** A new API key: `gh_` and 256 random bits in base64url. */
export function newApiKey(): string {
  return `gh_${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

/** Whether a text can be a key of ours at all; saves the database the rest. */
export function looksLikeApiKey(text: string): boolean {
  return FORM.test(text);
}

/** What is stored of a key. A plain hash is enough: nobody guesses 256 random bits. */
export function apiKeyHash(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
