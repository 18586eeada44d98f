import type { AdmissionStep } from '@gatehouse/contracts';

const MAX_STEPS = 20;
const MAX_DETAIL_CHARACTERS = 1_024;

/** The steps of one admission, each beginning where the one before it ended. */
export class AdmissionSteps {
  readonly #list: AdmissionStep[] = [];
  #since = performance.now();

  get list(): AdmissionStep[] {
    return this.#list;
  }

  /** @param detail for people; whoever gives it sees to it that no secret is in it */
  add(name: string, outcome: string, detail?: string): void {
    const now = performance.now();
    const milliseconds = Math.round((now - this.#since) * 1_000) / 1_000;
    this.#since = now;
    if (this.#list.length >= MAX_STEPS) return;
    this.#list.push({
      name,
      outcome,
      milliseconds,
      ...(detail === undefined || detail === '' ? {} : { detail: detail.slice(0, MAX_DETAIL_CHARACTERS) }),
    });
  }

  /** Takes over the steps of a piece of work that others wait for too. */
  append(steps: readonly AdmissionStep[]): void {
    this.#list.push(...steps.slice(0, MAX_STEPS - this.#list.length));
    this.#since = performance.now();
  }
}
