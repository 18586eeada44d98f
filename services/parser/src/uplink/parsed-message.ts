import type { OnParsingFailure, UplinkMessage } from '@gatehouse/contracts';
import type { MessageTrace } from '../observability/message-trace.ts';
import type { MessageFailure } from './message-failure.ts';

/** What became of a payload. */
export type ParsingResult =
  | { readonly outcome: 'passed'; readonly payload: Uint8Array; readonly scriptVersion?: undefined }
  | { readonly outcome: 'parsed'; readonly payload: Uint8Array; readonly scriptVersion: number }
  | {
      readonly outcome: 'failed';
      readonly failure: MessageFailure;
      readonly scriptVersion?: number | undefined;
    };

/** A device's message on its way from UPLINK to MESSAGES. */
export interface ParsedMessage {
  /** `<batch id>-<index>`. */
  readonly messageId: string;
  readonly productKey: string;
  readonly message: UplinkMessage;
  /** The topic name without its tag. */
  readonly topic: string;
  readonly result: ParsingResult;
  readonly onFailure: OnParsingFailure;
  /** Where it came from: once abandoned, it is somebody else's to publish. */
  readonly source: { readonly isAbandoned: boolean };
  /** Of sampled messages only. */
  readonly trace: MessageTrace | undefined;
}

export type FailedMessage = ParsedMessage & {
  readonly result: Extract<ParsingResult, { outcome: 'failed' }>;
};
