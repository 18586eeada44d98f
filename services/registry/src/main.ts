import { readConfig, runService } from '@gatehouse/nest';
import { prepareRegistryHttp, REGISTRY_HTTP_OPTIONS } from './registry-http.module.ts';
import { registryConfig } from './registry.config.ts';
import { registryModule } from './registry.module.ts';

await runService({
  name: 'registry',
  readConfig: () => readConfig(registryConfig),
  module: registryModule,
  httpOptions: REGISTRY_HTTP_OPTIONS,
  prepareHttp: prepareRegistryHttp,
});
