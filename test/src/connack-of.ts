import type { TcpSocketConnectOpts } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import mqttPacket, { type IConnackPacket, type IConnectPacket } from 'mqtt-packet';

/** What a client saw of its CONNECT; without a code it was closed, or TLS ended with this alert. */
export interface ConnectOutcome {
  readonly code?: number;
  /** Of MQTT 5.0. */
  readonly reasonString?: string;
  /** Of the error of TLS. */
  readonly error?: string;
}

export type ConnectBytes = Buffer | (Partial<IConnectPacket> & { readonly protocolVersion: 4 | 5 });

/** Node's types leave out that TLS goes over TCP. */
export type DeviceAddress = ConnectionOptions & Partial<Pick<TcpSocketConnectOpts, 'localAddress'>>;

/** One CONNECT over TLS, byte for byte as `connect` says; the client leaves without DISCONNECT. */
export function connackOf(options: DeviceAddress, connect: ConnectBytes): Promise<ConnectOutcome> {
  const isRaw = Buffer.isBuffer(connect);
  const bytes = isRaw ? connect : mqttPacket.generate({ ...USUAL, ...connect });
  const parser = mqttPacket.parser({ protocolVersion: isRaw ? 4 : connect.protocolVersion });
  const socket = connectTls({ ...options });
  return new Promise((resolve) => {
    parser.on('packet', (packet) => {
      const { returnCode, reasonCode, properties } = packet as IConnackPacket;
      const code = (isRaw || connect.protocolVersion === 4 ? returnCode : reasonCode) ?? -1;
      const reasonString = properties?.reasonString;
      resolve({ code, ...(reasonString === undefined ? {} : { reasonString }) });
      socket.destroy();
    });
    socket.on('secureConnect', () => socket.write(bytes));
    socket.on('data', (data: Buffer) => parser.parse(data));
    socket.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => resolve({ error: code }));
    socket.on('close', () => resolve({}));
  });
}

const USUAL: IConnectPacket = {
  cmd: 'connect',
  clientId: 'c-1',
  protocolId: 'MQTT',
  protocolVersion: 4,
  clean: true,
  keepalive: 60,
};
