export { cacheDirectory, projectDirectory } from './cache-directory.ts';
export { ChildServer, type ChildServerOptions } from './child-server.ts';
export { fetchDebianPackages, type DebianPackages } from './debian-packages.ts';
export { freePort } from './free-port.ts';
export { ProgramMissing, ServerDidNotStart } from './local-servers.failures.ts';
export { natsServerProgram } from './nats-server-program.ts';
export { startNatsServer, type NatsServer, type NatsServerOptions, type NatsUser } from './nats-server.ts';
export {
  startPostgresCluster,
  type PostgresCluster,
  type PostgresClusterOptions,
} from './postgres-cluster.ts';
export { runProgram } from './run-program.ts';
