import type { ParsingDraftInput, ParsingDraftView, ParsingVersionView } from '@gatehouse/contracts';
import type { CommandContext } from '../commands/command-context.ts';

export class ParsingScriptCommands {
  /** @throws {ProductNotFound | ScriptTooLarge} */
  async putDraft(
    productKey: string,
    draft: ParsingDraftInput,
    context: CommandContext,
  ): Promise<ParsingDraftView> {
    throw new Error(`${productKey} ${draft.language} ${context.actor}`);
  }

  /** Deleting a draft that is not there changes nothing. */
  async deleteDraft(productKey: string, context: CommandContext): Promise<void> {
    throw new Error(`${productKey} ${context.actor}`);
  }

  /** The draft becomes the next version and comes into force. @throws {DraftNotFound} */
  async submit(productKey: string, context: CommandContext): Promise<ParsingVersionView> {
    throw new Error(`${productKey} ${context.actor}`);
  }

  /** An earlier version comes into force again, under its own number. @throws {ScriptVersionNotFound} */
  async restore(productKey: string, version: number, context: CommandContext): Promise<ParsingVersionView> {
    throw new Error(`${productKey} ${version} ${context.actor}`);
  }
}
