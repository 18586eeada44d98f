import type { GatewayLimits } from '@gatehouse/contracts';
import type { ConnectPacket, UserProperty } from '@gatehouse/mqtt';
import {
  AuthenticationMethodUnsupported,
  ClientIdentifierRefused,
  ConnectPropertiesTooLarge,
  CredentialsTooLong,
} from '../admission/admission.failures.ts';
import { KeepAliveOutOfRange } from '../admission/connect-limits.failures.ts';
import { QosUnsupported } from '../connection/connection.failures.ts';

const MAX_CLIENT_IDENTIFIER_BYTES = 1_024;
const MAX_CREDENTIAL_BYTES = 1_024;
const MAX_USER_PROPERTY_BYTES = 16 * 1_024;
/** Of each user property on the wire: its identifier, and two lengths. */
const USER_PROPERTY_FRAME_BYTES = 5;

/**
 * What can be refused without asking auth: who has shown nothing yet must not occupy it.
 *
 * @throws {ConnectionFailure}
 */
export function checkTerms(packet: ConnectPacket, { keepAlive }: Pick<GatewayLimits, 'keepAlive'>): void {
  // [MQTT3-3.1.3-8]; MQTT 5.0 has an identifier assigned whatever Clean Start says.
  if (packet.clientId === '' && packet.protocolVersion !== 5 && !packet.cleanStart) {
    throw new ClientIdentifierRefused('is empty, which needs Clean Session set to 1');
  }
  if (Buffer.byteLength(packet.clientId) > MAX_CLIENT_IDENTIFIER_BYTES) {
    throw new ClientIdentifierRefused(`is over ${MAX_CLIENT_IDENTIFIER_BYTES} bytes`);
  }
  const { username = '', password = '' } = packet;
  if (Buffer.byteLength(username) > MAX_CREDENTIAL_BYTES || password.length > MAX_CREDENTIAL_BYTES) {
    throw new CredentialsTooLong(MAX_CREDENTIAL_BYTES);
  }
  const { authenticationMethod, userProperties = [] } = packet.properties;
  if (authenticationMethod !== undefined) throw new AuthenticationMethodUnsupported(authenticationMethod);
  if (wireBytes(userProperties) > MAX_USER_PROPERTY_BYTES) {
    throw new ConnectPropertiesTooLarge(MAX_USER_PROPERTY_BYTES);
  }
  // 0 turns Keep Alive off, so that it is outside every range.
  const { keepAliveSeconds } = packet;
  if (
    keepAlive !== null &&
    (keepAliveSeconds < keepAlive.minSeconds || keepAliveSeconds > keepAlive.maxSeconds)
  ) {
    throw new KeepAliveOutOfRange(keepAliveSeconds, keepAlive);
  }
  // [MQTT5-3.2.2-12]
  if (packet.protocolVersion === 5 && packet.will?.qos === 2) throw new QosUnsupported();
}

function wireBytes(userProperties: readonly UserProperty[]): number {
  let bytes = 0;
  for (const [name, value] of userProperties) {
    bytes += USER_PROPERTY_FRAME_BYTES + Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  return bytes;
}
