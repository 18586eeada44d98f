import { readFile } from 'node:fs/promises';
import { eventually, SpanCollector } from '@gatehouse/testing';
import { connectAsync } from 'mqtt';
import { expect, test } from 'vitest';
import { RunningGatehouse } from '../running-gatehouse.ts';

test('one trace leads from the socket over auth, parser and registry to the database row', async () => {
  await using collector = await SpanCollector.start();
  await using gatehouse = await RunningGatehouse.start({
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint },
  });
  const device = await gatehouse.device();
  const client = await connectAsync(`mqtts://${device.host}:${device.port}`, {
    ca: await readFile(gatehouse.caFile, 'utf8'),
    username: device.username,
    password: device.password,
    clientId: device.clientId,
  });
  await client.publishAsync('up/temperature', '21.5', { qos: 1 });
  await client.publishAsync('up/temperature', '22.5', { qos: 1 });
  await client.endAsync();

  const connect = await eventually(() => {
    const span = collector.spans.find(({ name }) => name === 'mqtt CONNECT');
    if (span === undefined) throw new Error('no CONNECT was traced');
    return span;
  });
  await eventually(() => {
    expect(collector.pathsOf(connect.traceId)).toEqual(
      expect.arrayContaining([
        'mqtt CONNECT',
        'mqtt CONNECT > auth.v1.admit request',
        'mqtt CONNECT > auth.v1.admit request > auth.v1.admit process',
        'mqtt CONNECT > auth.v1.admit request > auth.v1.admit process > registry.v1.find-credential request',
        'mqtt CONNECT > auth.v1.admit request > auth.v1.admit process > registry.v1.find-credential request > registry.v1.find-credential process',
        'mqtt CONNECT > mqtt PUBLISH',
        'mqtt CONNECT > mqtt PUBLISH > uplink publish',
        'mqtt CONNECT > mqtt PUBLISH > uplink process',
        'mqtt CONNECT > mqtt PUBLISH > uplink process > parse script',
        'mqtt CONNECT > mqtt PUBLISH > uplink process > messages publish',
        'mqtt CONNECT > presence append',
        'mqtt CONNECT > presence append > postgres insert',
      ]),
    );
  });
  const services = new Set(
    collector.spans.filter(({ traceId }) => traceId === connect.traceId).map(({ service }) => service),
  );
  expect(services).toEqual(
    new Set(['gatehouse-edge', 'gatehouse-auth', 'gatehouse-registry', 'gatehouse-parser']),
  );

  // The second PUBLISH is the root of a trace of its own.
  await eventually(() => {
    const roots = collector.spans.filter(
      ({ name, parentSpanId }) => name === 'mqtt PUBLISH' && parentSpanId === '',
    );
    expect(roots).toHaveLength(1);
  });
});
