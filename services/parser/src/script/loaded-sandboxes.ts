import { LeastRecentlyUsedMap } from '@gatehouse/bounded-map';
import type { ScriptSandbox, ScriptSandboxes } from './script-sandbox.ts';

interface Loaded {
  readonly code: string;
  readonly sandbox: ScriptSandbox;
}

/**
 * One sandbox a product, for the script it uses now, and one for its canary. Holds a limited number of them; the
 * one that was not used for longest is retired, and made anew when its product is heard of again.
 */
export class LoadedSandboxes {
  readonly #loaded: LeastRecentlyUsedMap<string, Loaded>;

  constructor(
    private readonly sandboxes: ScriptSandboxes,
    maxLoaded: number,
  ) {
    this.#loaded = new LeastRecentlyUsedMap(maxLoaded, (_name, { sandbox }) => sandbox.retire());
  }

  get size(): number {
    return this.#loaded.size;
  }

  /** @param name the product, or what else has a sandbox of its own */
  of(name: string, code: string): ScriptSandbox {
    const former = this.#loaded.get(name);
    if (former?.code === code) return former.sandbox;
    const sandbox = this.sandboxes.open(code);
    former?.sandbox.retire();
    this.#loaded.set(name, { code, sandbox });
    return sandbox;
  }

  /** Nothing happens when there is none of this name. */
  retire(name: string): void {
    this.#loaded.get(name)?.sandbox.retire();
    this.#loaded.delete(name);
  }

  retireAll(): void {
    for (const { sandbox } of this.#loaded.values()) sandbox.retire();
    this.#loaded.clear();
  }
}
