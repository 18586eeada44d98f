import type { encodeDownlink, ReplyOf, RequestOf } from '@gatehouse/contracts';
import type { ProductParsings } from '../script/product-parsing.ts';
import { ScriptFailure } from '../script/script-failure.ts';
import type { MessageFailure } from '../uplink/message-failure.ts';

const MAX_WAITING = 200;
/** So that the messages of a product whose script is slow leave room for others. */
const MAX_WAITING_OF_PRODUCT = 50;

/** Downlink messages as JSON become bytes, by the script in force. */
export class DownlinkEncoder {
  #waiting = 0;
  readonly #waitingOf = new Map<string, number>();

  constructor(private readonly parsings: ProductParsings) {}

  async encode({
    productKey,
    json,
  }: RequestOf<typeof encodeDownlink>): Promise<ReplyOf<typeof encodeDownlink>> {
    const ofProduct = this.#waitingOf.get(productKey) ?? 0;
    if (this.#waiting >= MAX_WAITING) return { outcome: 'busy', waiting: MAX_WAITING };
    if (ofProduct >= MAX_WAITING_OF_PRODUCT) return { outcome: 'busy', waiting: MAX_WAITING_OF_PRODUCT };
    this.#wait(productKey, 1);
    try {
      const rule = await this.parsings.ruleOf(productKey, 'downlink');
      if (rule.kind === 'pass') return { outcome: 'parsing-off' };
      if (rule.kind === 'fail') return failed(rule.failure);
      const outcome = await rule.sandbox.encode(JSON.stringify(json));
      if (outcome instanceof ScriptFailure) return failed(outcome);
      return { outcome: 'encoded', payload: Buffer.from(outcome).toString('base64') };
    } finally {
      this.#wait(productKey, -1);
    }
  }

  #wait(productKey: string, more: number): void {
    this.#waiting += more;
    const ofProduct = (this.#waitingOf.get(productKey) ?? 0) + more;
    if (ofProduct === 0) this.#waitingOf.delete(productKey);
    else this.#waitingOf.set(productKey, ofProduct);
  }
}

function failed(failure: MessageFailure): ReplyOf<typeof encodeDownlink> {
  const place = failure instanceof ScriptFailure ? failure.place : undefined;
  return { outcome: 'failed', code: failure.code, message: failure.message, ...place };
}
