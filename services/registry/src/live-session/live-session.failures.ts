import type { encodeDownlink, ReplyOf } from '@gatehouse/contracts';
import { Failure, type FieldError } from '@gatehouse/failure';

type ScriptProblem = Extract<ReplyOf<typeof encodeDownlink>, { outcome: 'failed' }>;

/** The product's script did not make bytes of a downlink message that was given as JSON. */
export class DownlinkNotEncoded extends Failure {
  readonly code = 'REGISTRY_DOWNLINK_NOT_ENCODED';
  readonly kind = 'not-offered';
  override readonly errors: readonly FieldError[];

  constructor({ code, message, line, column }: ScriptProblem) {
    const place = line === undefined ? '' : ` at line ${line}, column ${column ?? 1} of the script`;
    const problem = `${code}${place}: ${message}`;
    super(`the product's script made no bytes of json, nothing was sent: ${problem}`);
    this.errors = [{ path: 'json', message: problem }];
  }
}

/** Without a script in force there is nothing that could make bytes of JSON. */
export class DownlinkParsingOff extends Failure {
  readonly code = 'REGISTRY_DOWNLINK_PARSING_OFF';
  readonly kind = 'conflict';

  constructor(readonly productKey: string) {
    super(
      `parsing is off for product ${productKey}: switch parsing of its gateway on, or send the bytes as payload`,
    );
  }
}

/** More downlink messages wait for their scripts than a parser lets wait. */
export class DownlinkScriptsBusy extends Failure {
  readonly code = 'REGISTRY_DOWNLINK_SCRIPTS_BUSY';
  readonly kind = 'rate-limited';

  constructor(readonly waiting: number) {
    super(
      `${waiting} downlink messages wait for their scripts already; nothing was sent, try again in a moment`,
    );
  }
}

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
