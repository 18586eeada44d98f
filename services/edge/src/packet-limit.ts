import { ConfigurationInvalid } from '@gatehouse/nest';

/** What surrounds a packet's payload on its way through NATS: properties, headers, encodings. */
const OVERHEAD_BYTES = 200 * 1_024;

/**
 * A packet that the edge takes and NATS refuses would be sent again for ever, and hold up all behind it.
 *
 * @param maxPayloadBytes `max_payload` of nats-server
 * @throws {ConfigurationInvalid}
 */
export function checkPacketLimit(maxPacketBytes: number, maxPayloadBytes: number): void {
  const most = maxPayloadBytes - OVERHEAD_BYTES;
  if (maxPacketBytes <= most) return;
  throw new ConfigurationInvalid([
    {
      path: 'EDGE_MAX_PACKET_BYTES',
      message:
        `is ${maxPacketBytes}, but nats-server takes messages of ${maxPayloadBytes} bytes: ` +
        `set it to ${Math.max(0, most)} at most, or raise max_payload of nats-server`,
    },
  ]);
}
