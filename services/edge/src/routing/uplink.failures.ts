import { ReasonCode } from '@gatehouse/mqtt';
import { ConnectionFailure } from '../connection/connection.failures.ts';

/** An uplink batch counts the bytes of a message's properties in 16 bits. */
export const MAX_PROPERTY_BYTES = 65_535;

export class PropertiesTooLarge extends ConnectionFailure {
  readonly code = 'EDGE_PROPERTIES_TOO_LARGE';
  readonly kind = 'too-large';
  readonly reasonCode = ReasonCode.PacketTooLarge;

  constructor() {
    super(
      `the properties of a message are over ${MAX_PROPERTY_BYTES} bytes; put large data into the payload`,
    );
  }
}
