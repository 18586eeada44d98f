import { RoleNotAssumed } from './assume-role.failures.ts';
import type { RoleSession } from './assume-role.ts';

/** So that no call is under way with a key that ends meanwhile, nor with clocks that differ. */
const RENEWED_BEFORE_END_MS = 300_000;
const REFUSAL_KEPT_MS = 5_000;

/**
 * A role as it is taken on again and again: in memory until shortly before a session ends, with one call to
 * STS at a time, which all share who need it. What STS refused it is not asked again for a moment.
 */
export class RoleSessions {
  #session: RoleSession | undefined;
  #underWay: Promise<RoleSession> | undefined;
  #refusal: { readonly error: RoleNotAssumed; readonly until: number } | undefined;

  constructor(
    private readonly assume: (timeoutMs: number) => Promise<RoleSession>,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * @param timeoutMs of the call, when one is made; who shares it may wait longer or shorter
   * @throws {RoleNotAssumed | OutboundFailure}
   */
  async current(timeoutMs: number): Promise<RoleSession> {
    const session = this.#session;
    if (session !== undefined && this.now() < session.endsAt - RENEWED_BEFORE_END_MS) return session;
    this.#session = undefined;
    if (this.#refusal !== undefined && this.now() < this.#refusal.until) throw this.#refusal.error;
    this.#underWay ??= this.#renewed(timeoutMs).finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  /** After an answer that a session is worth nothing any more; one that came after it stays. */
  drop(session: RoleSession): void {
    if (this.#session === session) this.#session = undefined;
  }

  async #renewed(timeoutMs: number): Promise<RoleSession> {
    this.#refusal = undefined;
    try {
      this.#session = await this.assume(timeoutMs);
      return this.#session;
    } catch (error) {
      if (error instanceof RoleNotAssumed) this.#refusal = { error, until: this.now() + REFUSAL_KEPT_MS };
      throw error;
    }
  }
}
