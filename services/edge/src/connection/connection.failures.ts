import { Failure } from '@gatehouse/failure';
import { ReasonCode } from '@gatehouse/mqtt';

/** Why a connection is refused or closed: `reasonCode` is what an MQTT 5.0 client is told. */
export abstract class ConnectionFailure extends Failure {
  abstract readonly reasonCode: ReasonCode;
}

export class ConnectTimedOut extends ConnectionFailure {
  readonly code = 'EDGE_CONNECT_TIMED_OUT';
  readonly kind = 'timeout';
  readonly reasonCode = ReasonCode.ProtocolError;

  constructor(readonly timeoutMs: number) {
    super(`no CONNECT came within ${timeoutMs} ms of the connection; send it right after the TLS handshake`);
  }
}

export class PacketUnexpected extends ConnectionFailure {
  readonly code = 'EDGE_PACKET_UNEXPECTED';
  readonly kind = 'invalid';
  readonly reasonCode = ReasonCode.ProtocolError;

  constructor(
    readonly packetType: string,
    readonly place: string,
  ) {
    super(`${packetType.toUpperCase()} is not allowed ${place}`);
  }
}

export class KeepAliveExpired extends ConnectionFailure {
  readonly code = 'EDGE_KEEP_ALIVE_EXPIRED';
  readonly kind = 'timeout';
  readonly reasonCode = ReasonCode.KeepAliveTimeout;

  constructor(readonly keepAliveSeconds: number) {
    super(
      `no packet came for one and a half times the keep alive of ${keepAliveSeconds} s; send PINGREQ in time`,
    );
  }
}

export class TopicAliasInvalid extends ConnectionFailure {
  readonly code = 'EDGE_TOPIC_ALIAS_INVALID';
  readonly kind = 'invalid';
  readonly reasonCode = ReasonCode.TopicAliasInvalid;

  constructor(
    readonly topicAlias: number,
    readonly maximum: number,
  ) {
    super(`topic alias ${topicAlias} is outside 1 to ${maximum}; CONNACK's Topic Alias Maximum is the limit`);
  }
}

export class TopicAliasUnknown extends ConnectionFailure {
  readonly code = 'EDGE_TOPIC_ALIAS_UNKNOWN';
  readonly kind = 'invalid';
  readonly reasonCode = ReasonCode.ProtocolError;

  constructor(readonly topicAlias: number) {
    super(`topic alias ${topicAlias} has no topic name yet on this connection; send both once`);
  }
}

export class TopicNameInvalid extends ConnectionFailure {
  readonly code = 'EDGE_TOPIC_NAME_INVALID';
  readonly kind = 'invalid';
  readonly reasonCode = ReasonCode.TopicNameInvalid;

  constructor(problem: string) {
    super(`the topic name of a message ${problem}`);
  }
}

export class QosUnsupported extends ConnectionFailure {
  readonly code = 'EDGE_QOS_UNSUPPORTED';
  readonly kind = 'not-offered';
  readonly reasonCode = ReasonCode.QosNotSupported;

  constructor() {
    super('QoS 2 is not offered here; publish with QoS 0 or 1');
  }
}

/** The client does not read what it is sent. */
export class ClientStalled extends ConnectionFailure {
  readonly code = 'EDGE_CLIENT_STALLED';
  readonly kind = 'timeout';
  readonly reasonCode = ReasonCode.QuotaExceeded;

  constructor(readonly stallMs: number) {
    super(`the client took nothing of what it was sent for ${stallMs} ms`);
  }
}

/** A packet that our side could not take; the log has the cause. */
export class ConnectionBroken extends ConnectionFailure {
  readonly code = 'EDGE_CONNECTION_BROKEN';
  readonly kind = 'internal';
  readonly reasonCode = ReasonCode.UnspecifiedError;

  constructor(override readonly cause: unknown) {
    super('something went wrong here while a packet was handled; the log of the edge says more');
  }
}

export class EdgeStopping extends ConnectionFailure {
  readonly code = 'EDGE_STOPPING';
  readonly kind = 'unavailable';
  readonly reasonCode = ReasonCode.ServerShuttingDown;

  constructor() {
    super('this edge is being stopped; connect again to reach another one');
  }
}
