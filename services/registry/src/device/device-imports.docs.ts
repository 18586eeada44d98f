import type { DeviceImportView } from '@gatehouse/contracts';
import { EXAMPLE, pageParameters, type DocsOf } from '../open-api/operation-docs.ts';
import type { DeviceImportsController } from './device-imports.controller.ts';

const IMPORT: DeviceImportView = {
  importId: EXAMPLE.importId,
  productKey: EXAMPLE.productKey,
  state: 'succeeded',
  dryRun: false,
  actor: 'anna@console',
  rows: 2,
  rowsDone: 2,
  imported: 2,
  invalidRows: 0,
  failure: null,
  startedAt: '2026-11-21T03:11:00.000Z',
  finishedAt: '2026-11-21T03:11:00.250Z',
};

export const deviceImportsDocs: DocsOf<DeviceImportsController> = {
  list: {
    answer: {
      description: 'A page of imports, newest first; `next` is null on the last',
      example: { items: [IMPORT], next: null },
    },
    parameters: pageParameters(EXAMPLE.importId),
    problems: ['REGISTRY_PRODUCT_NOT_FOUND'],
  },
  get: {
    answer: { description: 'How far it is, and what became of it', example: IMPORT },
    problems: ['REGISTRY_IMPORT_NOT_FOUND'],
  },
  invalidRows: {
    answer: {
      description: 'A line for each thing that was wrong; the header alone when nothing was',
      example: 'UserName,SN,Line,Field,Reason\r\np1,,3,username,must have at least 4 characters\r\n',
    },
    problems: ['REGISTRY_IMPORT_NOT_FOUND'],
  },
};
