import type { DocsOf } from '../open-api/operation-docs.ts';
import type { DownlinkController } from './downlink.controller.ts';

export const downlinkDocs: DocsOf<DownlinkController> = {
  send: {
    answer: {
      description:
        'What became of it. `delivered`: written to the connection (QoS 0) or acknowledged by the device (QoS 1); ' +
        '`not-subscribed`: connected, without a subscription that matches; `offline`: not connected, or disabled; ' +
        'the message is not kept. `queued` is for versions that keep it',
      example: { messageId: '0b8e4f6e-6a53-4d0c-9a3f-2f0c1d7e5b21', outcome: 'delivered' },
    },
    requests: {
      'qos-0': {
        summary: 'QoS 0: the payload is base64, here `{"valve":"open"}`',
        value: { topic: 'down/valve', payload: 'eyJ2YWx2ZSI6Im9wZW4ifQ==' },
      },
      json: {
        summary: 'JSON, of which `protocolToRawData` of the script in force makes the bytes',
        value: { topic: 'down/valve', json: { valve: 'open' } },
      },
      'qos-1': {
        summary: 'QoS 1, with properties of MQTT 5.0',
        value: {
          topic: 'down/valve',
          payload: 'eyJ2YWx2ZSI6Im9wZW4ifQ==',
          qos: 1,
          expirySeconds: 60,
          contentType: 'application/json',
          responseTopic: 'up/valve',
          correlationData: 'MTc=',
          userProperties: [['shift', 'a']],
        },
      },
    },
    problems: [
      'REGISTRY_DEVICE_NOT_FOUND',
      'REGISTRY_DOWNLINK_PARSING_OFF',
      'REGISTRY_DOWNLINK_NOT_ENCODED',
      'REGISTRY_DOWNLINK_SCRIPTS_BUSY',
      'REGISTRY_DOWNLINK_UNACKNOWLEDGED',
    ],
  },
};
