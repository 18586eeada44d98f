import { readConfig, type ServiceProcess } from '@gatehouse/nest';
import { expect, test } from 'vitest';
import { edgeConfig } from './edge.config.ts';
import { edgeModule } from './edge.module.ts';
import { checkPacketLimit } from './packet-limit.ts';

const MIB = 1_048_576;

test('the default fits into what nats-server takes by default', () => {
  checkPacketLimit(readConfig(edgeConfig, {}).EDGE_MAX_PACKET_BYTES, MIB);
});

test('an edge whose packets nats-server would not take does not start, and says why', () => {
  const config = readConfig(edgeConfig, { EDGE_MAX_PACKET_BYTES: String(MIB) });
  const parts = { nats: { info: { max_payload: MIB } } } as unknown as ServiceProcess;
  expect(() => edgeModule(config, parts)).toThrow(
    expect.objectContaining({
      code: 'SERVICE_CONFIGURATION_INVALID',
      message: expect.stringContaining('EDGE_MAX_PACKET_BYTES is 1048576') as string,
    }),
  );
});
