import { Failure } from '@gatehouse/failure';

/** The device holds its connection and did not acknowledge a QoS 1 message in time. */
export class DownlinkUnacknowledged extends Failure {
  readonly code = 'REGISTRY_DOWNLINK_UNACKNOWLEDGED';
  readonly kind = 'timeout';

  constructor(readonly messageId: string) {
    super(
      `the device did not acknowledge message ${messageId} in time; whether it has received it is not known`,
    );
  }
}
