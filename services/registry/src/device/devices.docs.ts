import type { DeviceView, ImportResult } from '@gatehouse/contracts';
import {
  EXAMPLE,
  historyParameters,
  pageParameters,
  type DocsOf,
  type ParameterDocs,
} from '../open-api/operation-docs.ts';
import type { DevicesController } from './devices.controller.ts';

const DEVICE: DeviceView = {
  productKey: EXAMPLE.productKey,
  deviceName: EXAMPLE.deviceName,
  sn: 'SN_2026_0007',
  status: 'ONLINE',
  clientId: 'pump-0007-modem',
  remoteAddress: '203.0.113.17',
  edgeId: 'edge-1',
  createdAt: '2026-11-21T03:11:00.000Z',
  activatedAt: '2026-11-21T03:11:40.000Z',
  lastOnlineAt: '2026-11-21T03:11:40.000Z',
  lastOfflineAt: null,
  updatedAt: '2026-11-21T03:11:40.000Z',
};

const IMPORT: ImportResult = { importId: EXAMPLE.importId, dryRun: false, rows: 2, imported: 2, errors: [] };

const FILTERS: Readonly<Record<'status' | 'prefix' | 'sn', ParameterDocs>> = {
  status: { description: 'Devices in this status only', example: 'UNACTIVE' },
  prefix: { description: 'What the name begins with', example: 'pump-' },
  sn: { description: 'The whole serial number', example: 'SN_2026_0007' },
};

export const devicesDocs: DocsOf<DevicesController> = {
  import: {
    answer: {
      description: 'All were imported; or, of a dry run, what is wrong with which row',
      example: IMPORT,
    },
    parameters: { dryRun: { description: '`true`: check, and import nothing', example: 'false' } },
    requests: {
      json: {
        summary: 'As JSON',
        value: {
          devices: [
            { username: 'pump-0007', password: 'example-password-7', sn: 'SN_2026_0007' },
            { username: 'pump-0008', password: 'example-password-8' },
          ],
        },
      },
      csv: {
        summary: "As CSV, the reference platform's template",
        mediaType: 'text/csv',
        value:
          'UserName,Password,SN\r\n' +
          'valve-0001,example-password-1,SN_2026_0101\r\n' +
          'valve-0002,example-password-2,\r\n',
      },
    },
    problems: [
      'REGISTRY_IMPORT_EMPTY',
      'REGISTRY_IMPORT_ROWS_INVALID',
      'REGISTRY_IMPORT_CSV_MALFORMED',
      'REGISTRY_PRODUCT_NOT_FOUND',
      'REGISTRY_DEVICE_NAME_TAKEN',
      'REGISTRY_IMPORT_TOO_LARGE',
      'REGISTRY_IMPORTS_EXCEEDED',
    ],
  },
  list: {
    answer: {
      description: 'A page of devices, by name; `next` is null on the last',
      example: { items: [DEVICE], next: DEVICE.deviceName },
    },
    parameters: { ...pageParameters('pump-0006'), ...FILTERS },
    problems: ['REGISTRY_PRODUCT_NOT_FOUND'],
  },
  export: {
    answer: {
      description: 'A line for each device, by name',
      example:
        'UserName,SN,Status,CreatedAt,ActivatedAt,LastOnlineAt,LastOfflineAt\r\n' +
        'pump-0007,SN_2026_0007,UNACTIVE,2026-11-21T03:11:00.000Z,,,\r\n',
    },
    parameters: FILTERS,
    problems: ['REGISTRY_PRODUCT_NOT_FOUND'],
  },
  get: {
    answer: { description: 'The device, now or at that instant', example: DEVICE },
    problems: ['REGISTRY_DEVICE_NOT_FOUND'],
  },
  history: {
    answer: {
      description: 'A page of events, newest first; `next` is null on the last',
      example: {
        items: [
          {
            globalPosition: '131',
            version: 3,
            type: 'DeviceDisabled',
            at: '2026-11-21T03:12:00.000Z',
            actor: 'anna@console',
            traceId: null,
            data: { productKey: EXAMPLE.productKey, deviceName: EXAMPLE.deviceName },
          },
        ],
        next: '3',
      },
    },
    parameters: historyParameters,
    problems: ['REGISTRY_DEVICE_NOT_FOUND'],
  },
  disable: {
    answer: { description: 'The device, which may not connect', example: { ...DEVICE, status: 'DISABLE' } },
    problems: ['REGISTRY_DEVICE_NOT_FOUND'],
  },
  enable: {
    answer: { description: 'The device, which may connect', example: { ...DEVICE, status: 'OFFLINE' } },
    problems: ['REGISTRY_DEVICE_NOT_FOUND'],
  },
  delete: {
    answer: { description: 'It is gone; its name is free' },
    problems: ['REGISTRY_DEVICE_NOT_FOUND'],
  },
  replaceCredentials: {
    answer: {
      description: 'The device; a live connection goes on, the next CONNECT needs the new password',
      example: DEVICE,
    },
    requests: {
      password: { summary: 'A new password', value: { password: 'example-password-70' } },
    },
    problems: ['REGISTRY_DEVICE_NOT_FOUND'],
  },
};
