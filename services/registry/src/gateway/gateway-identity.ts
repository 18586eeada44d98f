import { randomInt } from 'node:crypto';

/** RFC 4648 §6, lower case: no letter looks like a digit of the set. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const LETTERS_AND_DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** `gw-` and 10 characters: 50 bits of chance. */
export function newGatewayId(): string {
  return `gw-${randomText(BASE32, 10)}`;
}

/** `a1` and 9 characters, as the reference platform's product keys look. */
export function newProductKey(): string {
  return `a1${randomText(LETTERS_AND_DIGITS, 9)}`;
}

function randomText(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}
