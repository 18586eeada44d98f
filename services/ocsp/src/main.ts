import { runService } from '@gatehouse/nest';
import { readOcspConfig } from './ocsp.config.ts';
import { ocspModule, prepareOcspHttp } from './ocsp.module.ts';

await runService({
  name: 'ocsp',
  readConfig: readOcspConfig,
  module: ocspModule,
  prepareHttp: prepareOcspHttp,
});
