import { deliverMessage, kickSession, type ReplyOf, type RequestOf } from '@gatehouse/contracts';
import { Serves } from '@gatehouse/nest';
import { Controller, Inject, type Type } from '@nestjs/common';
import { DownlinkDelivery } from '../routing/downlink-delivery.ts';
import { SessionTakeover } from './session-takeover.ts';

/** Answers `edge.v1.<edgeId>.deliver` and `.kick`; a class for each edge, since its id is in the subjects. */
export function sessionController(edgeId: string): Type<unknown> {
  const deliverContract = deliverMessage(edgeId);
  const kickContract = kickSession(edgeId);

  @Controller()
  class SessionController {
    constructor(
      @Inject(DownlinkDelivery) private readonly delivery: DownlinkDelivery,
      @Inject(SessionTakeover) private readonly takeover: SessionTakeover,
    ) {}

    @Serves(deliverContract)
    deliver(request: RequestOf<typeof deliverContract>): Promise<ReplyOf<typeof deliverContract>> {
      return this.delivery.deliver(request);
    }

    @Serves(kickContract)
    async kick(request: RequestOf<typeof kickContract>): Promise<ReplyOf<typeof kickContract>> {
      return { ended: await this.takeover.end(request, request.upToSession, request.reason) };
    }
  }

  return SessionController;
}
