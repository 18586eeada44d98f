import {
  MAX_SCRIPT_BYTES,
  trialPayload,
  tryScript,
  type ParsingDraftInput,
  type ParsingTrialAnswer,
  type ParsingTrialInput,
  type RequestOf,
} from '@gatehouse/contracts';
import { callService } from '@gatehouse/nats';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ProductQueries } from '../product/product-views.queries.ts';
import type { ParsingScriptQueries, ProductParsingQueries } from './parsing-script-views.queries.ts';
import { ScriptTooLarge, ScriptTrialsExceeded } from './parsing-script.failures.ts';
import type { ScriptCompiler } from './script-compiler.ts';

interface ParsingViews {
  readonly products: ProductQueries;
  readonly scripts: ParsingScriptQueries;
  readonly parsings: ProductParsingQueries;
}

/** A draft, or code that was not even saved, run by a parser on messages that go nowhere. */
export class ScriptTrial {
  constructor(
    private readonly nats: NatsConnection,
    private readonly views: ParsingViews,
    private readonly compiler: ScriptCompiler,
  ) {}

  /**
   * @throws {ProductNotFound | DraftNotFound | ScriptTooLarge | ServiceUnreachable | ServiceTimedOut}
   * @throws {ScriptTrialsExceeded | ScriptCompilerBusy}
   * @throws {ScriptSyntaxInvalid} TypeScript that is not JavaScript without its types; what else is wrong, the result says
   */
  async run(productKey: string, input: ParsingTrialInput): Promise<ParsingTrialAnswer> {
    await this.views.products.get(productKey);
    const script = await this.#scriptOf(productKey, input);
    const inForce = input.compare ? ((await this.views.parsings.get(productKey))?.script ?? null) : null;
    const reply = await callService(this.nats, tryScript, {
      productKey,
      script: { ...script, code: await this.compiler.draftCode(script) },
      compareWith: inForce,
      input: inputOf(input),
    });
    if (reply.outcome === 'busy') throw new ScriptTrialsExceeded(reply.trialsAtOnce);
    const { items } = reply;
    if (input.recent === undefined && items[0] !== undefined) return items[0].result;
    return {
      items: items.flatMap(({ sample, result }) => (sample === null ? [] : [{ ...result, message: sample }])),
    };
  }

  async #scriptOf(
    productKey: string,
    { code, language = 'javascript' }: ParsingTrialInput,
  ): Promise<ParsingDraftInput> {
    if (code === undefined) {
      const draft = await this.views.scripts.draft(productKey);
      return { language: draft.language, code: draft.code };
    }
    const bytes = Buffer.byteLength(code);
    if (bytes > MAX_SCRIPT_BYTES) throw new ScriptTooLarge(bytes, MAX_SCRIPT_BYTES);
    return { language, code };
  }
}

function inputOf(input: ParsingTrialInput): RequestOf<typeof tryScript>['input'] {
  const { function: name, json = {}, recent, topic = '', payload = '', encoding } = input;
  if (name !== undefined) return { kind: 'downlink', json: JSON.stringify(json) };
  if (recent !== undefined) return { kind: 'recent', count: recent };
  const bytes = trialPayload(payload, encoding);
  return { kind: 'message', topic, payload: Buffer.from(bytes).toString('base64') };
}
