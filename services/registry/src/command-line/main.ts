import { adoptRestoredLog, openDatabase } from '@gatehouse/event-store';
import { Failure } from '@gatehouse/failure';
import { migrateRegistry } from '../schema/migrate-registry.ts';
import type { RegistryDatabase } from '../schema/registry-database.ts';
import { SecretSealer } from '../secrets/sealed-secret.ts';
import { commandEnvironment } from './command-environment.ts';
import { readCommandLine, USAGE, type CommandLine } from './command-line.ts';
import { CommandLineInvalid } from './command-line.failures.ts';
import { runRebuild } from './rebuild-command.ts';
import { runRotation } from './rotate-master-key-command.ts';

const POOL_SIZE = 4;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** @returns the exit code: 0 done, 1 not done or views that differ, 2 a command line that is none */
async function run(args: readonly string[]): Promise<number> {
  try {
    const commandLine = readCommandLine(args);
    if (commandLine.command !== 'help') return await runOnDatabase(commandLine);
    say(USAGE);
    return 0;
  } catch (error) {
    const known = error instanceof Failure ? `${error.code}: ${error.message}` : undefined;
    process.stderr.write(`${known ?? String(error instanceof Error ? error.stack : error)}\n`);
    return error instanceof CommandLineInvalid ? 2 : 1;
  }
}

async function runOnDatabase({ command, verify, dataDirectory }: CommandLine): Promise<number> {
  const environment = await commandEnvironment(dataDirectory);
  const sealer = new SecretSealer(
    environment.GATEHOUSE_MASTER_KEY,
    environment.GATEHOUSE_MASTER_KEY_PREVIOUS,
  );
  await using database = openDatabase<RegistryDatabase>({
    connectionString: environment.DATABASE_URL,
    applicationName: `gatehouse-registry-${command}`,
    poolSize: POOL_SIZE,
    onError: () => undefined,
    statementTimeoutMs: 0,
    idleInTransactionTimeoutMs: 60_000,
  });
  await migrateRegistry(database.db, sealer);
  await adoptRestoredLog(database.db);
  // Awaited here: the database is closed when this function returns.
  if (command === 'rebuild') return await runRebuild(database, { verify }, say);
  return await runRotation(database.db, sealer, say);
}

process.exitCode = await run(process.argv.slice(2));
