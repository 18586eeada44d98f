import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KnownCredential } from './credential-directory.ts';

/**
 * Remembers that a password matched, so that the same device's next CONNECT costs microseconds instead of an
 * scrypt run. What is kept is an HMAC under a key that lives and dies with this process; another password, or
 * another hash of the same device, never gives the same one.
 */
export class PasswordProof {
  readonly #key = randomBytes(32);

  /** Whether `password` is the one that last matched this very hash. */
  isRemembered(credential: KnownCredential, password: string): boolean {
    return (
      credential.proof !== undefined && timingSafeEqual(credential.proof, this.#of(credential, password))
    );
  }

  remember(credential: KnownCredential, password: string): void {
    credential.proof = this.#of(credential, password);
  }

  #of({ answer }: KnownCredential, password: string): Buffer {
    // None of the parts holds a line end, so no two quadruples read the same.
    return createHmac('sha256', this.#key)
      .update(`${answer.productKey}\n${answer.deviceName}\n${answer.password.hash}\n${password}`)
      .digest();
  }
}
