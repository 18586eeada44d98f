import { ensureDevice, type ReplyOf, type RequestOf } from '@gatehouse/contracts';
import { Serves } from '@gatehouse/nest';
import { Controller, Inject } from '@nestjs/common';
import { DeviceCreation } from './device-creation.ts';

/** Answers `registry.v1.ensure-device`, for auth only. */
@Controller()
export class DeviceCreationController {
  constructor(@Inject(DeviceCreation) private readonly creation: DeviceCreation) {}

  @Serves(ensureDevice)
  ensure({ gatewayId, deviceName }: RequestOf<typeof ensureDevice>): Promise<ReplyOf<typeof ensureDevice>> {
    return this.creation.ensure(gatewayId, deviceName);
  }
}
