import { generate } from 'mqtt-packet';
import type { ImportedDevice } from './imported-devices.ts';

/** For clients that write and read bytes themselves, so that no library stands between them and the figures. */
export function connectPacket(
  { clientId, username, password }: ImportedDevice,
  protocolVersion: 4 | 5,
  keepalive: number,
): Buffer {
  return generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion,
    clean: true,
    keepalive,
    clientId,
    username,
    password: Buffer.from(password),
  });
}

/** Undefined when it is no CONNACK. */
export function connackCode(answer: Buffer): number | undefined {
  return answer[0] === 0x20 ? answer[3] : undefined;
}

export const DISCONNECT = Buffer.from([0xe0, 0]);
