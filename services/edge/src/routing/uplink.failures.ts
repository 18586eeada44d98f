import { ReasonCode } from '@gatehouse/mqtt';
import { ConnectionFailure } from '../connection/connection.failures.ts';

/** An uplink batch counts the bytes of a message's properties, as JSON, in 16 bits. */
export const MAX_PROPERTY_BYTES = 65_535;

/** NATS refuses a header block over 64 kB; the rest of it is for the message's own headers. */
export const MAX_PROPERTY_HEADER_BYTES = 32 * 1_024;

export class PropertiesTooLarge extends ConnectionFailure {
  readonly code = 'EDGE_PROPERTIES_TOO_LARGE';
  readonly kind = 'too-large';
  readonly reasonCode = ReasonCode.PacketTooLarge;

  constructor() {
    super(
      `the properties of a message are over ${MAX_PROPERTY_HEADER_BYTES} bytes as message headers, ` +
        'each with its name and what is not ASCII percent-encoded; put large data into the payload',
    );
  }
}
