import type { ParsingDraftView, ParsingVersionView } from '@gatehouse/contracts';
import { EXAMPLE, pageParameters, type DocsOf } from '../open-api/operation-docs.ts';
import type { ParsingScriptsController } from './parsing-scripts.controller.ts';

const CODE = `function transformPayload(topic, rawData) {
  const { t } = JSON.parse(String.fromCharCode(...rawData));
  return { celsius: t };
}
`;

const TYPESCRIPT_CODE = `function transformPayload(topic: string, rawData: number[]) {
  const text = new TextDecoder().decode(Uint8Array.from(rawData));
  const { t } = JSON.parse(text) as { t: number };
  return { celsius: t };
}

function protocolToRawData(json: { valve: 'open' | 'closed' }): number[] {
  return [0x01, json.valve === 'open' ? 1 : 0];
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
  canaryPercent: null,
};

const CANARY: ParsingVersionView = { ...VERSION, version: 2, isInForce: false, canaryPercent: 10 };

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
      typescript: {
        summary: 'In TypeScript, with a function for downlink',
        value: { language: 'typescript', code: TYPESCRIPT_CODE },
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
      description:
        'The version in force, or the canary; one that was there already, when the draft is the same script',
      example: VERSION,
    },
    requests: {
      'all-devices': { summary: 'For all devices; a body is not needed', value: {} },
      canary: {
        summary: 'As a canary for a tenth of the devices; a draft that is in force already starts none',
        value: { canaryPercent: 10 },
      },
    },
    problems: [
      'REGISTRY_PARSING_SCRIPT_EMPTY',
      'REGISTRY_PARSING_SCRIPT_INVALID',
      'REGISTRY_PARSING_COMPILER_BUSY',
      'REGISTRY_PARSING_CANARY_WITHOUT_VERSION',
      'REGISTRY_PRODUCT_NOT_FOUND',
      'REGISTRY_PARSING_DRAFT_NOT_FOUND',
    ],
  },
  resizeCanary: {
    answer: { description: 'The canary', example: { ...CANARY, canaryPercent: 50 } },
    requests: { half: { summary: 'Half of the devices', value: { percent: 50 } } },
    problems: ['REGISTRY_PRODUCT_NOT_FOUND', 'REGISTRY_PARSING_CANARY_NOT_FOUND'],
  },
  promoteCanary: {
    answer: { description: 'The version, which is in force now', example: { ...VERSION, version: 2 } },
    problems: ['REGISTRY_PRODUCT_NOT_FOUND', 'REGISTRY_PARSING_CANARY_NOT_FOUND'],
  },
  endCanary: {
    answer: { description: 'There is no canary; the version in force parses all devices' },
    problems: ['REGISTRY_PRODUCT_NOT_FOUND'],
  },
  versions: {
    answer: {
      description: 'A page of versions, newest first; `next` is null on the last',
      example: { items: [CANARY, VERSION], next: null },
    },
    parameters: pageParameters('2'),
    problems: ['REGISTRY_PRODUCT_NOT_FOUND'],
  },
  restore: {
    answer: { description: 'The version, which is in force again', example: VERSION },
    problems: ['REGISTRY_PRODUCT_NOT_FOUND', 'REGISTRY_PARSING_VERSION_NOT_FOUND'],
  },
};
