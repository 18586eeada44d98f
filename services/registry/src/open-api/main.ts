import { registryControllers } from '../registry-controllers.module.ts';
import { openApiOf } from './open-api.module.ts';

// For docs/openapi.json: node services/registry/dist/open-api/main.js > docs/openapi.json
process.stdout.write(`${JSON.stringify(await openApiOf(registryControllers), null, 2)}\n`);
