import type { ParsingDraftView, ParsingVersionView } from '@gatehouse/contracts';
import { EXAMPLE, pageParameters, type DocsOf } from '../open-api/operation-docs.ts';
import type { ParsingScriptsController } from './parsing-scripts.controller.ts';

const CODE = `function transformPayload(topic, rawData) {
  const { t } = JSON.parse(String.fromCharCode(...rawData));
  return { celsius: t };
}
`;

const DRAFT: ParsingDraftView = {
  productKey: EXAMPLE.productKey,
  language: 'javascript',
  code: CODE,
  savedAt: '2026-11-21T03:11:00.000Z',
  savedBy: 'anna@console',
};

const VERSION: ParsingVersionView = {
  productKey: EXAMPLE.productKey,
  version: 1,
  language: 'javascript',
  code: CODE,
  submittedAt: '2026-11-21T03:11:30.000Z',
  submittedBy: 'anna@console',
  isInForce: true,
};

export const parsingScriptsDocs: DocsOf<ParsingScriptsController> = {
  draft: {
    answer: { description: 'The draft', example: DRAFT },
    problems: ['REGISTRY_PRODUCT_NOT_FOUND', 'REGISTRY_PARSING_DRAFT_NOT_FOUND'],
  },
  putDraft: {
    answer: { description: 'The draft as it was saved', example: DRAFT },
    requests: {
      javascript: {
        summary: 'Bytes of JSON become properties',
        value: { language: 'javascript', code: CODE },
      },
    },
    problems: ['REGISTRY_PRODUCT_NOT_FOUND', 'REGISTRY_PARSING_SCRIPT_TOO_LARGE'],
  },
  deleteDraft: {
    answer: { description: 'There is no draft; the version in force stays' },
    problems: ['REGISTRY_PRODUCT_NOT_FOUND'],
  },
  submit: {
    answer: {
      description: 'The version in force; one that was in force already, when the draft is the same',
      example: VERSION,
    },
    problems: [
      'REGISTRY_PARSING_SCRIPT_INVALID',
      'REGISTRY_PRODUCT_NOT_FOUND',
      'REGISTRY_PARSING_DRAFT_NOT_FOUND',
    ],
  },
  versions: {
    answer: {
      description: 'A page of versions, newest first; `next` is null on the last',
      example: { items: [VERSION], next: null },
    },
    parameters: pageParameters('2'),
    problems: ['REGISTRY_PRODUCT_NOT_FOUND'],
  },
  restore: {
    answer: { description: 'The version, which is in force again', example: VERSION },
    problems: ['REGISTRY_PRODUCT_NOT_FOUND', 'REGISTRY_PARSING_VERSION_NOT_FOUND'],
  },
};
