import { encodeDownlink, type ReplyOf, type RequestOf } from '@gatehouse/contracts';
import { Serves } from '@gatehouse/nest';
import { Controller, Inject } from '@nestjs/common';
import { DownlinkEncoder } from './downlink-encoder.ts';

/** Answers `parser.v1.encode-downlink`. */
@Controller()
export class EncodeDownlinkController {
  constructor(@Inject(DownlinkEncoder) private readonly encoder: DownlinkEncoder) {}

  @Serves(encodeDownlink)
  encode(request: RequestOf<typeof encodeDownlink>): Promise<ReplyOf<typeof encodeDownlink>> {
    return this.encoder.encode(request);
  }
}
