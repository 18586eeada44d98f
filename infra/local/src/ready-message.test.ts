import { expect, test } from 'vitest';
import { readyMessage, type ReadyFacts } from './ready-message.ts';

const facts: ReadyFacts = {
  apiUrl: 'http://127.0.0.1:8080',
  device: {
    host: '127.0.0.1',
    port: 1_883,
    username: 'demo_device',
    password: 'abc123',
    clientId: 'demo_device',
    productKey: 'p1',
    deviceName: 'demo_device',
    gatewayId: 'g1',
  },
  caFile: '/project/.gatehouse/demo/ca.pem',
  apiKeyFile: '/project/.gatehouse/demo/api-key',
  mqttPort: 1_883,
  hasMosquitto: true,
  projectDirectory: '/project',
};

test('the lines to paste use paths below the project', () => {
  const message = readyMessage(facts);
  expect(message.split('\n')[0]).toBe('Gatehouse is ready');
  expect(message).toContain(
    'mosquitto_pub --cafile .gatehouse/demo/ca.pem -h 127.0.0.1 -p 1883 -u demo_device -P abc123 ' +
      '-i demo_device -t up/temperature -q 1 -m 21.5',
  );
  expect(message).toContain(
    '/products/p1/messages/stream -H "Authorization: Bearer $(cat .gatehouse/demo/api-key)"',
  );
  expect(message).not.toContain('not installed');
});

test('a data directory elsewhere is named in full, in quotes when it needs them', () => {
  const message = readyMessage({ ...facts, caFile: "/data/a b/it's/ca.pem" });
  expect(message).toContain(String.raw`--cafile '/data/a b/it'\''s/ca.pem' -h`);
});

test('somebody without mosquitto_pub is told where it comes from', () => {
  expect(readyMessage({ ...facts, hasMosquitto: false })).toContain('apt install mosquitto-clients');
});

test('a gateway that keeps another port than the one asked for is shown with its own', () => {
  const message = readyMessage({ ...facts, mqttPort: 2_883 });
  expect(message).toContain('mqtts://127.0.0.1:1883');
  expect(message).toContain('2883 would be that of a new one');
});
