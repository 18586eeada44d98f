import { provide, provideMade } from '@gatehouse/nest';
import { ApiEntrance } from '../api/api-entrance.ts';
import { CommandTransactions } from '../commands/command-transactions.ts';
import { REGISTRY_CONFIG } from '../registry.config.ts';
import { REGISTRY_DB } from '../schema/registry-database.ts';
import { ApiKeyAuthentication } from './api-key-authentication.ts';
import { ApiKeyCommands } from './api-key-commands.ts';
import { ApiKeyQueries } from './api-keys.queries.ts';
import { FailedAttempts } from './failed-attempts.ts';

/** Who may use the API. */
export const operatorProviders = [
  provide(ApiKeyQueries, [REGISTRY_DB]),
  provideMade(FailedAttempts, [], () => new FailedAttempts()),
  provideMade(
    ApiKeyAuthentication,
    [ApiKeyQueries, FailedAttempts, REGISTRY_CONFIG],
    (keys, attempts, { GATEHOUSE_BOOTSTRAP_API_KEY }) =>
      new ApiKeyAuthentication(keys, attempts, GATEHOUSE_BOOTSTRAP_API_KEY),
  ),
  provide(ApiKeyCommands, [CommandTransactions, ApiKeyAuthentication]),
  provide(ApiEntrance, [ApiKeyAuthentication]),
];
