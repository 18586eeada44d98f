import { admitDevice, type ReplyOf, type RequestOf } from '@gatehouse/contracts';
import { Serves } from '@gatehouse/nest';
import { Controller, Inject } from '@nestjs/common';
import { AdmitDevice } from './admit-device.ts';

/** Answers `auth.v1.admit`. */
@Controller()
export class AdmitDeviceController {
  constructor(@Inject(AdmitDevice) private readonly admission: AdmitDevice) {}

  @Serves(admitDevice)
  admit(request: RequestOf<typeof admitDevice>): Promise<ReplyOf<typeof admitDevice>> {
    return this.admission.admit(request);
  }
}
