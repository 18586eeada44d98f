import type { ReasonCode } from '@gatehouse/mqtt';
import type { ReasonedFailure } from './close-reason.ts';

/** Why a connection ends without anybody being at fault. */
export type QuietEnd = 'client-disconnected' | 'connection-closed';

/** A connection as its session and the packet handlers see it. */
export interface ClientConnection {
  /** Names it in logs; unique in this edge. */
  readonly id: string;
  readonly remoteAddress: string;
  readonly isOpen: boolean;
  /** Whether the client takes what it is sent; without room only acknowledgements should be sent. */
  readonly hasRoom: boolean;

  /** Written with all else that is sent in this turn of the event loop. */
  send(packet: Uint8Array): void;

  /** A QoS 1 message of the client is stored: PUBACK, in the order of the calls. */
  acknowledge(packetId: number): void;

  /** A QoS 1 message of the client is not taken: PUBACK, behind those of the messages before it. */
  refuse(packetId: number, reasonCode: ReasonCode): void;

  /**
   * Is closed in its turn: at once, or a little later when thousands leave in this moment. Nothing more is taken
   * from the client, and whatever closes it meanwhile, this is the reason.
   */
  leave(reason: ReasonedFailure | QuietEnd): void;

  /** Ends the session at once and tells an MQTT 5.0 client why. */
  close(reason: ReasonedFailure | QuietEnd): void;
}
