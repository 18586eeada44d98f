import { runService } from '@gatehouse/nest';
import { readOcspConfig } from './ocsp.config.ts';
import { ocspModule } from './ocsp.module.ts';

await runService({ name: 'ocsp', readConfig: readOcspConfig, module: ocspModule });
