export { cacheDirectory, projectDirectory } from './cache-directory.ts';
export { startChildServer, type ChildServerOptions } from './child-server.ts';
export { commandLineOf } from './command-line.ts';
export { fetchDebianPackages, type DebianPackages } from './debian-packages.ts';
export { freePort } from './free-port.ts';
export { ManagedProcess, type ManagedProcessOptions } from './managed-process.ts';
export { ProgramMissing, ServerDidNotStart } from './local-servers.failures.ts';
export { mosquittoPrograms, type MosquittoPrograms } from './mosquitto-programs.ts';
export { natsServerProgram } from './nats-server-program.ts';
export { startNatsServer, type NatsServer, type NatsServerOptions, type NatsUser } from './nats-server.ts';
export { opensslProgram, type OpensslProgram } from './openssl-program.ts';
export {
  startPostgresCluster,
  type PostgresCluster,
  type PostgresClusterOptions,
} from './postgres-cluster.ts';
export { runProgram } from './run-program.ts';
