import type { ParsingFailureView } from '@gatehouse/contracts';
import { EXAMPLE, pageParameters, type DocsOf } from '../open-api/operation-docs.ts';
import type { ParsingFailuresController } from './parsing-failures.controller.ts';

const FAILURE: ParsingFailureView = {
  messageId: 'edge-1-mbx2k1-gw-mfzwizltoq-2-118-0',
  deviceName: EXAMPLE.deviceName,
  topic: 'up/temperature',
  qos: 1,
  time: '2026-11-21T03:12:00.000Z',
  payload: 'e3Q6MjF9',
  scriptVersion: 1,
  error: {
    code: '26002',
    message: "SyntaxError: Expected property name or '}' in JSON at position 1",
    line: 2,
    column: 21,
  },
};

const selection = {
  device: { description: 'Of this device alone', example: EXAMPLE.deviceName },
  code: { description: 'With this error code alone', example: '26002' },
};

export const parsingFailuresDocs: DocsOf<ParsingFailuresController> = {
  list: {
    answer: {
      description: 'A page of messages, newest first; `next` is null on the last',
      example: { items: [FAILURE], next: null },
    },
    parameters: { ...pageParameters('118'), ...selection },
    problems: ['REGISTRY_PRODUCT_NOT_FOUND'],
  },
  retry: {
    answer: {
      description: 'What became of them',
      example: { parsed: 117, failed: 1, remaining: 0, next: null },
    },
    requests: {
      device: {
        summary: 'Those of one device with one code',
        value: { device: EXAMPLE.deviceName, code: '26002' },
      },
      messages: { summary: 'Single messages', value: { messageIds: [FAILURE.messageId] } },
      all: { summary: 'All of the product, 10,000 at most', value: { limit: 10_000 } },
      on: { summary: 'Those that the call before left', value: { limit: 10_000, after: '1119-1236' } },
    },
    problems: [
      'REGISTRY_PRODUCT_NOT_FOUND',
      'REGISTRY_PARSING_RETRY_RUNNING',
      'PARSER_RETRY_WITHOUT_SCRIPT',
      'BUS_SERVICE_UNREACHABLE',
      'BUS_SERVICE_TIMED_OUT',
    ],
  },
  delete: {
    answer: { description: 'How many there were', example: { deleted: 118 } },
    parameters: selection,
    problems: ['REGISTRY_PRODUCT_NOT_FOUND'],
  },
};
