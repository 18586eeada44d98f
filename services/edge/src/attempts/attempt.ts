import type { AdmissionStep, ClientCertificate } from '@gatehouse/contracts';
import type { ConnectPacket } from '@gatehouse/mqtt';
import type { ClientChain } from '../revocation/client-chain.ts';
import type { AttemptTls } from './attempt-tls.ts';

/** As the contract allows: of each step, and of all. */
const MAX_STEPS = 40;
const MAX_WORD = 64;
const MAX_DETAIL = 1_024;

/** One attempt to connect, from accept until it is decided; kept no longer than that. */
export class Attempt {
  readonly startedAtMs = Date.now();
  /** As performance.now(). */
  readonly acceptedAt = performance.now();
  tls: AttemptTls | undefined;
  /** Of a verified chain only. */
  clientCertificate: ClientCertificate | undefined;
  /** The same certificate with those above it. */
  clientChain: ClientChain | undefined;
  /** Once it was read: that is what makes an attempt one that can be judged. */
  connect: ConnectPacket | undefined;
  /** Whether its gateway is the one that the client is for; of a port that gateways share it may be another. */
  isMeant = true;
  /** Its turn came late. */
  hasWaited = false;
  readonly steps: AdmissionStep[] = [];
  #turnAt = this.acceptedAt;
  /** End of the last step that was timed here. */
  #stepEndedAt = this.acceptedAt;
  #gatewayId: string;
  #gatewayVersion: number;

  constructor(
    readonly id: string,
    gatewayId: string,
    gatewayVersion: number,
    readonly remoteAddress: string,
  ) {
    this.#gatewayId = gatewayId;
    this.#gatewayVersion = gatewayVersion;
  }

  get gatewayId(): string {
    return this.#gatewayId;
  }

  /** Version of the gateway that the edge served when TLS began. */
  get gatewayVersion(): number {
    return this.#gatewayVersion;
  }

  /** On a port that gateways share it shows only now which one the client means. */
  judgedBy({ gatewayId, version }: { readonly gatewayId: string; readonly version: number }): void {
    this.#gatewayId = gatewayId;
    this.#gatewayVersion = version;
  }

  /** It waited behind others until now, and the client is not to blame for that. */
  beginTurn(): void {
    this.#turnAt = performance.now();
  }

  /** Since when the client may take its time, as performance.now(). */
  get turnAt(): number {
    return this.#turnAt;
  }

  /** Since the client was accepted. */
  get milliseconds(): number {
    return rounded(performance.now() - this.acceptedAt);
  }

  /** Something is over that began where the last step ended. */
  step(name: string, outcome: string, detail?: string): void {
    const now = performance.now();
    this.addSteps([
      { name, outcome, milliseconds: now - this.#stepEndedAt, ...(detail === undefined ? {} : { detail }) },
    ]);
  }

  /** Steps that were timed elsewhere, such as auth's. What comes next begins now. */
  addSteps(steps: readonly AdmissionStep[]): void {
    this.#stepEndedAt = performance.now();
    for (const { name, outcome, milliseconds, detail } of steps) {
      if (this.steps.length >= MAX_STEPS) return;
      this.steps.push({
        name: name.slice(0, MAX_WORD),
        outcome: outcome.slice(0, MAX_WORD),
        milliseconds: rounded(milliseconds),
        ...(detail === undefined ? {} : { detail: detail.slice(0, MAX_DETAIL) }),
      });
    }
  }
}

/** To a microsecond: more digits are noise that everybody reads. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
}
