import { tryScript, type ReplyOf, type RequestOf } from '@gatehouse/contracts';
import { NATS, Serves } from '@gatehouse/nest';
import type { NatsConnection } from '@nats-io/transport-node';
import { Controller, Inject } from '@nestjs/common';
import { ScriptTrialRequests } from './script-trial-requests.ts';

/** Answers `parser.v1.try`. */
@Controller()
export class TryScriptController {
  constructor(
    @Inject(ScriptTrialRequests) private readonly trials: ScriptTrialRequests,
    @Inject(NATS) private readonly nats: NatsConnection,
  ) {}

  @Serves(tryScript)
  try(request: RequestOf<typeof tryScript>): Promise<ReplyOf<typeof tryScript>> {
    // The other half is for the messages themselves and for what JSON adds.
    return this.trials.run(request, (this.nats.info?.max_payload ?? 1_048_576) / 2);
  }
}
