import type { ParsingDraftInput } from '@gatehouse/contracts';
import type { Decider } from '@gatehouse/decider';
import type { ParsingScriptEvent } from './parsing-script.events.ts';
import { ScriptVersionNotFound } from './parsing-script.failures.ts';

export type ParsingScriptCommand =
  | ({
      readonly type: 'SubmitParsingScript';
      readonly productKey: string;
      /** The same code is in force: the state holds no code. */
      readonly isInForce: boolean;
    } & ParsingDraftInput)
  | { readonly type: 'RestoreParsingScript'; readonly productKey: string; readonly version: number };

/** Versions count from 1 without gaps; 0 is none. */
export interface ParsingScriptState {
  readonly newestVersion: number;
  readonly versionInForce: number;
}

export const parsingScriptDecider: Decider<ParsingScriptCommand, ParsingScriptEvent, ParsingScriptState> = {
  initialState: { newestVersion: 0, versionInForce: 0 },

  decide(command, state) {
    switch (command.type) {
      case 'SubmitParsingScript': {
        const { productKey, language, code, isInForce } = command;
        if (isInForce) return [];
        const version = state.newestVersion + 1;
        return [{ type: 'ParsingScriptSubmitted', data: { productKey, version, language, code } }];
      }
      case 'RestoreParsingScript': {
        const { productKey, version } = command;
        if (version < 1 || version > state.newestVersion)
          throw new ScriptVersionNotFound(productKey, version);
        if (version === state.versionInForce) return [];
        return [{ type: 'ParsingScriptRestored', data: { productKey, version } }];
      }
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'ParsingScriptSubmitted':
        return { newestVersion: event.data.version, versionInForce: event.data.version };
      case 'ParsingScriptRestored':
        return { ...state, versionInForce: event.data.version };
    }
  },
};
