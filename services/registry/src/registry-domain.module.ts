import { provide } from '@gatehouse/nest';
import { CredentialQueries } from './device/credentials.queries.ts';
import { DeviceCommands } from './device/device-commands.ts';
import { DeviceQueries } from './device/device-views.queries.ts';
import { GatewayCommands } from './gateway/gateway-commands.ts';
import { GatewayQueries } from './gateway/gateway-views.queries.ts';
import { ListenerQueries } from './gateway/listeners.queries.ts';
import { ParsingScriptCommands } from './parsing-script/parsing-script-commands.ts';
import {
  ParsingScriptQueries,
  ProductParsingQueries,
} from './parsing-script/parsing-script-views.queries.ts';
import { ProductQueries } from './product/product-views.queries.ts';

/** The registry's inside: commands and queries on the database. Needs REGISTRY_CONFIG and LOGGER. */
export const registryDomainProviders = [
  provide(GatewayCommands, []),
  provide(GatewayQueries, []),
  provide(ListenerQueries, []),
  provide(ProductQueries, []),
  provide(DeviceCommands, []),
  provide(DeviceQueries, []),
  provide(CredentialQueries, []),
  provide(ParsingScriptCommands, []),
  provide(ParsingScriptQueries, []),
  provide(ProductParsingQueries, []),
];
