import type { LoggedEvent } from '@gatehouse/contracts';
import { EXAMPLE, pageParameters, type DocsOf } from '../open-api/operation-docs.ts';
import type { EventsController } from './events.controller.ts';

const EVENT: LoggedEvent = {
  globalPosition: '131',
  stream: `device/${EXAMPLE.productKey}/${EXAMPLE.deviceName}`,
  version: 3,
  type: 'DeviceDisabled',
  at: EXAMPLE.instant,
  actor: 'anna@console',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  data: { productKey: EXAMPLE.productKey, deviceName: EXAMPLE.deviceName },
};

export const eventsDocs: DocsOf<EventsController> = {
  list: {
    answer: {
      description: 'A page of events, oldest first; `next` is null on the last',
      example: { items: [EVENT], next: EVENT.globalPosition },
    },
    parameters: {
      ...pageParameters('0'),
      stream: { description: 'Of this stream only', example: EVENT.stream },
      type: { description: 'Of this type only', example: EVENT.type },
      actor: {
        description: 'Who did it: the name of an API key, `edge:<id>`, `bootstrap`',
        example: EVENT.actor,
      },
      from: { description: 'Recorded at this instant or later', example: EXAMPLE.instant },
      to: { description: 'Recorded before this instant', example: '2026-11-22T00:00:00Z' },
    },
  },
};
