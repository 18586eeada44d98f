import { HEALTH_PROBES, type ServiceProcess } from '@gatehouse/nest';
import { Module, type DynamicModule } from '@nestjs/common';
import { CertificateStatusController } from './status/certificate-status.controller.ts';
import { StapleController } from './stapling/staple.controller.ts';

@Module({})
class OcspModule {}

export function ocspModule(process: ServiceProcess): DynamicModule {
  return {
    module: OcspModule,
    controllers: [CertificateStatusController, StapleController],
    providers: [...process.providers, { provide: HEALTH_PROBES, useValue: [] }],
  };
}
