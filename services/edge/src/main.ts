import { readConfig, runService } from '@gatehouse/nest';
import { edgeConfig } from './edge.config.ts';
import { EDGE_SERVICE } from './edge.module.ts';

await runService({
  ...EDGE_SERVICE,
  readConfig: () => readConfig(edgeConfig),
});
