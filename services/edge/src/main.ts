import { readConfig, runService } from '@gatehouse/nest';
import { edgeConfig } from './edge.config.ts';
import { edgeModule } from './edge.module.ts';

await runService({
  name: 'edge',
  readConfig: () => readConfig(edgeConfig),
  module: edgeModule,
  answersUntil: 'stopped',
});
