import { readConfig, runService, serviceConfig } from '@gatehouse/nest';
import { ocspModule } from './ocsp.module.ts';

await runService({
  name: 'ocsp',
  readConfig: () => readConfig(serviceConfig),
  module: (_config, process) => ocspModule(process),
});
