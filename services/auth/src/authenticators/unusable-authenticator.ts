import { failed } from './authenticator-call.ts';
import type { Authentication, Authenticator } from './authenticator.ts';

/** Stands where an authenticator is set up in a way that nobody can call: says so to whoever asks. */
export class UnusableAuthenticator implements Authenticator {
  readonly timeoutMs = 1;
  readonly cacheSeconds = 0;

  constructor(private readonly message: string) {}

  async authenticate(): Promise<Authentication> {
    return {
      answer: failed('authenticator-unavailable', this.message),
      exchange: () => ({ sent: null, received: null }),
    };
  }
}
