import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { SecretNotReadable } from './secrets.failures.ts';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_CHARACTERS = 16;

/** A secret as it may be stored: `sealed` is base64 of nonce, authentication tag and ciphertext. */
export interface SealedSecret {
  /** Names the master key; tells nothing about it. */
  readonly keyId: string;
  readonly sealed: string;
}

/** Seals secrets under the master key (AES-256-GCM, NIST SP 800-38D): without the key they are gone. */
export class SecretSealer {
  readonly keyId: string;
  readonly #key: DerivedKeys;
  readonly #others: readonly DerivedKeys[];

  /**
   * @param masterKey seals; 32 bytes as 64 hexadecimal characters
   * @param alsoOpens another master key, while secrets go over from one to the other
   */
  constructor(masterKey: string, alsoOpens?: string) {
    this.#key = derivedKeys(masterKey);
    this.#others = alsoOpens === undefined ? [] : [derivedKeys(alsoOpens)];
    this.keyId = this.#key.keyId;
  }

  /** @param place what the secret belongs to; it cannot be opened as that of another */
  seal(secret: string, place: string): SealedSecret {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key.sealing, nonce).setAAD(Buffer.from(place));
    const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    const sealed = Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
    return { keyId: this.keyId, sealed: sealed.toString('base64') };
  }

  /** @throws {SecretNotReadable} when it was sealed under another key, for another place, or altered */
  open({ keyId, sealed }: SealedSecret, place: string): string {
    const key = [this.#key, ...this.#others].find((each) => each.keyId === keyId);
    if (key === undefined) throw new SecretNotReadable(keyId);
    const bytes = Buffer.from(sealed, 'base64');
    try {
      const decipher = createDecipheriv(CIPHER, key.sealing, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(Buffer.from(place))
        .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const text = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch {
      throw new SecretNotReadable(keyId);
    }
  }

  /** A hash that tells equal texts and gives nothing away without the key, although a text may hold a password. */
  fingerprint(text: string): string {
    return fingerprintUnder(this.#key, text);
  }

  /** Whether a fingerprint is that of a text under any of the keys. */
  isFingerprintOf(fingerprint: string, text: string): boolean {
    return [this.#key, ...this.#others].some((key) => fingerprintUnder(key, text) === fingerprint);
  }
}

interface DerivedKeys {
  readonly keyId: string;
  readonly sealing: Buffer;
  readonly fingerprint: Buffer;
}

function derivedKeys(masterKey: string): DerivedKeys {
  const key = Buffer.from(masterKey, 'hex');
  return {
    keyId: derived(key, 'key id').toString('hex').slice(0, KEY_ID_CHARACTERS),
    sealing: derived(key, 'seal'),
    fingerprint: derived(key, 'fingerprint'),
  };
}

function fingerprintUnder({ fingerprint }: DerivedKeys, text: string): string {
  return createHmac('sha256', fingerprint).update(text).digest('base64');
}

function derived(key: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `gatehouse registry ${purpose}`, KEY_BYTES));
}
