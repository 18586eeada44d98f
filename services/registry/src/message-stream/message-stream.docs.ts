import type { StreamedMessage } from '@gatehouse/contracts';
import { EXAMPLE, type DocsOf } from '../open-api/operation-docs.ts';
import type { MessageStreamController } from './message-stream.controller.ts';

const MESSAGE: StreamedMessage = {
  messageId: 'edge-1-gw-mfzwizltoq-3-17-0',
  deviceName: EXAMPLE.deviceName,
  topic: 'up/temperature',
  qos: 1,
  time: '2026-11-21T03:12:00.000Z',
  raw: { base64: 'eyJ0IjoyMX0=', text: '{"t":21}' },
  outcome: 'parsed',
  payload: { celsius: 21 },
  scriptVersion: 1,
  error: null,
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
};

export const messageStreamDocs: DocsOf<MessageStreamController> = {
  stream: {
    answer: {
      description: 'Events without end; the schema is that of the data of "event: message"',
      example: MESSAGE,
    },
    parameters: {
      device: {
        description:
          'Messages of this device only; a comment says so when the product has no such device yet',
        example: EXAMPLE.deviceName,
      },
      topic: { description: 'An MQTT topic filter', example: 'up/#' },
    },
    problems: ['REGISTRY_PRODUCT_NOT_FOUND', 'REGISTRY_MESSAGE_STREAMS_EXCEEDED'],
  },
};
