import { runService } from '@gatehouse/nest';
import { readAuthConfig } from './auth.config.ts';
import { authModule } from './auth.module.ts';

await runService({ name: 'auth', readConfig: readAuthConfig, module: authModule });
