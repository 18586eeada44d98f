import type { ParsingDraftInput } from '@gatehouse/contracts';
import type { Decider } from '@gatehouse/decider';
import type { ParsingScriptEvent } from './parsing-script.events.ts';
import { CanaryNotFound, CanaryWithoutVersion, ScriptVersionNotFound } from './parsing-script.failures.ts';

export type ParsingScriptCommand =
  | ({
      readonly type: 'SubmitParsingScript';
      readonly productKey: string;
      /** The versions in use that have the same code: the state holds no code. */
      readonly sameAs: { readonly versionInForce: boolean; readonly canary: boolean };
      /** Share of devices for a canary; undefined: all devices. */
      readonly canaryPercent: number | undefined;
    } & ParsingDraftInput)
  | { readonly type: 'RestoreParsingScript'; readonly productKey: string; readonly version: number }
  | { readonly type: 'ResizeParsingCanary'; readonly productKey: string; readonly percent: number }
  | { readonly type: 'PromoteParsingCanary'; readonly productKey: string }
  | { readonly type: 'EndParsingCanary'; readonly productKey: string };

type SubmitParsingScript = Extract<ParsingScriptCommand, { type: 'SubmitParsingScript' }>;

/** Versions count from 1 without gaps; 0 is none. */
export interface ParsingScriptState {
  readonly newestVersion: number;
  readonly versionInForce: number;
  readonly canary: { readonly version: number; readonly percent: number } | null;
}

/**
 * A submit without a share and a restore are for all devices, so both end a canary that runs; a submit with a
 * share replaces it. What has the code of a version in use makes no new version.
 */
export const parsingScriptDecider: Decider<ParsingScriptCommand, ParsingScriptEvent, ParsingScriptState> = {
  initialState: { newestVersion: 0, versionInForce: 0, canary: null },

  decide(command, state) {
    const { productKey } = command;
    switch (command.type) {
      case 'SubmitParsingScript':
        return command.canaryPercent === undefined
          ? submitForAll(command, state)
          : submitCanary(command, command.canaryPercent, state);
      case 'RestoreParsingScript': {
        const { version } = command;
        if (version < 1 || version > state.newestVersion)
          throw new ScriptVersionNotFound(productKey, version);
        if (version === state.versionInForce) return endOfCanary(productKey, state);
        return [
          ...endOfCanary(productKey, state),
          { type: 'ParsingScriptRestored', data: { productKey, version } },
        ];
      }
      case 'ResizeParsingCanary':
        return resize(productKey, command.percent, state);
      case 'PromoteParsingCanary':
        return promote(productKey, state);
      case 'EndParsingCanary':
        return endOfCanary(productKey, state);
    }
  },

  evolve(state, event) {
    const { version } = event.data;
    switch (event.type) {
      case 'ParsingScriptSubmitted':
        return { ...state, newestVersion: version, versionInForce: version };
      case 'ParsingScriptRestored':
        return { ...state, versionInForce: version };
      case 'ParsingCanarySubmitted':
        return { ...state, newestVersion: version, canary: { version, percent: event.data.percent } };
      case 'ParsingCanaryResized':
        return { ...state, canary: { version, percent: event.data.percent } };
      case 'ParsingCanaryPromoted':
        return { ...state, versionInForce: version, canary: null };
      case 'ParsingCanaryEnded':
        return { ...state, canary: null };
    }
  },
};

function submitForAll(
  { productKey, language, code, sameAs }: SubmitParsingScript,
  state: ParsingScriptState,
): ParsingScriptEvent[] {
  if (sameAs.versionInForce) return endOfCanary(productKey, state);
  if (sameAs.canary) return promote(productKey, state);
  const version = state.newestVersion + 1;
  return [
    ...endOfCanary(productKey, state),
    { type: 'ParsingScriptSubmitted', data: { productKey, version, language, code } },
  ];
}

function submitCanary(
  { productKey, language, code, sameAs }: SubmitParsingScript,
  percent: number,
  state: ParsingScriptState,
): ParsingScriptEvent[] {
  if (state.versionInForce === 0) throw new CanaryWithoutVersion(productKey);
  if (sameAs.canary) return resize(productKey, percent, state);
  if (sameAs.versionInForce) return [];
  const version = state.newestVersion + 1;
  return [
    ...endOfCanary(productKey, state),
    { type: 'ParsingCanarySubmitted', data: { productKey, version, language, code, percent } },
  ];
}

function resize(productKey: string, percent: number, { canary }: ParsingScriptState): ParsingScriptEvent[] {
  if (canary === null) throw new CanaryNotFound(productKey);
  if (canary.percent === percent) return [];
  return [{ type: 'ParsingCanaryResized', data: { productKey, version: canary.version, percent } }];
}

function promote(productKey: string, { canary }: ParsingScriptState): ParsingScriptEvent[] {
  if (canary === null) throw new CanaryNotFound(productKey);
  return [{ type: 'ParsingCanaryPromoted', data: { productKey, version: canary.version } }];
}

function endOfCanary(productKey: string, { canary }: ParsingScriptState): ParsingScriptEvent[] {
  return canary === null
    ? []
    : [{ type: 'ParsingCanaryEnded', data: { productKey, version: canary.version } }];
}
