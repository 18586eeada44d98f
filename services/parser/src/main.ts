import { runService } from '@gatehouse/nest';
import { readParserConfig } from './parser.config.ts';
import { parserModule } from './parser.module.ts';

await runService({ name: 'parser', readConfig: readParserConfig, module: parserModule });
