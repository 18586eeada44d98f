import type { Socket } from 'node:net';
import type { Attempt } from '../attempts/attempt.ts';
import { MqttConnection, type ConnectionParts } from './mqtt-connection.ts';

/** Makes a connection of each socket whose TLS handshake is done. */
export class MqttConnections {
  constructor(private readonly parts: ConnectionParts) {}

  readonly accept = (socket: Socket, attempt: Attempt): void => {
    // It holds itself: its socket calls it until it is closed.
    void new MqttConnection(socket, attempt, this.parts);
  };
}
