import type { ParsingTrialAnswer } from '@gatehouse/contracts';
import type { DocsOf } from '../open-api/operation-docs.ts';
import type { ParsingTrialsController } from './parsing-trials.controller.ts';

const ANSWER: ParsingTrialAnswer = {
  outcome: 'parsed',
  result: { celsius: 21 },
  logs: [{ level: 'log', text: '7 bytes' }],
  milliseconds: 0.084,
  memoryBytes: 1_482_752,
  error: null,
  isCut: false,
  comparison: {
    version: 1,
    isEqual: false,
    outcome: 'failed',
    result: null,
    error: {
      code: '26002',
      message: 'TypeError: rawData.map(...).sum is not a function',
      line: 3,
      column: 17,
    },
  },
};

export const parsingTrialsDocs: DocsOf<ParsingTrialsController> = {
  tryDraft: {
    changesNothing: true,
    answer: {
      description: 'What became of the message; with `recent`, of each message in `items`',
      example: ANSWER,
    },
    requests: {
      text: {
        summary: 'A message as text, beside what the version in force makes of it',
        value: { topic: 'up/temperature', payload: '{"t":21}', encoding: 'text', compare: true },
      },
      hex: {
        summary: 'A message as hex, and code that is not saved',
        value: {
          topic: 'up/temperature',
          payload: '0x15 ff',
          encoding: 'hex',
          code: 'function transformPayload(topic, rawData) {\n  return { celsius: rawData[0] };\n}\n',
        },
      },
      recent: {
        summary: 'The last 20 messages of the product',
        value: { recent: 20, compare: true },
      },
      downlink: {
        summary: 'A downlink',
        value: {
          function: 'protocolToRawData',
          json: { celsius: 21 },
          code: 'function protocolToRawData(json) {\n  return [json.celsius];\n}\n',
        },
      },
    },
    problems: [
      'REGISTRY_PRODUCT_NOT_FOUND',
      'REGISTRY_PARSING_DRAFT_NOT_FOUND',
      'REGISTRY_PARSING_SCRIPT_TOO_LARGE',
      'REGISTRY_PARSING_SCRIPT_INVALID',
      'REGISTRY_PARSING_TRIALS_EXCEEDED',
      'REGISTRY_PARSING_COMPILER_BUSY',
      'BUS_SERVICE_UNREACHABLE',
      'BUS_SERVICE_TIMED_OUT',
    ],
  },
};
