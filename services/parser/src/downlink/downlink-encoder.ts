import type { encodeDownlink, ReplyOf, RequestOf } from '@gatehouse/contracts';
import type { ProductParsings } from '../script/product-parsing.ts';
import { ScriptFailure } from '../script/script-failure.ts';
import type { MessageFailure } from '../uplink/message-failure.ts';

const MAX_WAITING = 200;

/** Downlink messages as JSON become bytes, by the script in force. */
export class DownlinkEncoder {
  #waiting = 0;

  constructor(private readonly parsings: ProductParsings) {}

  async encode({
    productKey,
    json,
  }: RequestOf<typeof encodeDownlink>): Promise<ReplyOf<typeof encodeDownlink>> {
    if (this.#waiting >= MAX_WAITING) return { outcome: 'busy', waiting: MAX_WAITING };
    this.#waiting += 1;
    try {
      const rule = await this.parsings.ruleOf(productKey, 'downlink');
      if (rule.kind === 'pass') return { outcome: 'parsing-off' };
      if (rule.kind === 'fail') return failed(rule.failure);
      const outcome = await rule.sandbox.encode(JSON.stringify(json));
      if (outcome instanceof ScriptFailure) return failed(outcome);
      return { outcome: 'encoded', payload: Buffer.from(outcome).toString('base64') };
    } finally {
      this.#waiting -= 1;
    }
  }
}

function failed(failure: MessageFailure): ReplyOf<typeof encodeDownlink> {
  const place = failure instanceof ScriptFailure ? failure.place : undefined;
  return { outcome: 'failed', code: failure.code, message: failure.message, ...place };
}
