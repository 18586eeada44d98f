import { randomInt } from 'node:crypto';

/** RFC 4648 §6, lower case. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const CHARACTERS = 10;

/** `ca-` and 10 characters: 50 bits of chance. */
export function newAuthorityId(): string {
  return `ca-${Array.from({ length: CHARACTERS }, () => BASE32[randomInt(BASE32.length)]).join('')}`;
}
