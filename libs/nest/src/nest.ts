export { asFailure, httpStatusOf, Unexpected } from './failure-status.ts';
export { fieldErrorsOf, pathText } from './field-errors.ts';
export { HEALTH_PROBES, type HealthProbe } from './health.ts';
export {
  BodyMalformed,
  BodyTooLarge,
  HttpFailure,
  MediaTypeUnsupported,
  MethodNotAllowed,
  RequestInvalid,
  RouteUnknown,
  UrlMalformed,
} from './http-failure.ts';
export { HttpSpans } from './http-span.ts';
export { answerUnroutable, problemOf, ProblemFilter, type Problem } from './problem-filter.ts';
export { requestSchemaPipe } from './request-schema-pipe.ts';
export { key, provide, provideMade, type Key, type Token } from './provide.ts';
export { ConfigurationInvalid, readConfig } from './read-config.ts';
export {
  INSTANCE_ID,
  LOGGER,
  NATS,
  runService,
  startService,
  TELEMETRY,
  type RunningService,
  type ServiceDefinition,
  type ServiceProcess,
} from './run-service.ts';
export { RequestMalformed, Serves } from './serves.ts';
export { serviceConfig, type ServiceConfig } from './service-config.ts';
export { serviceLogger } from './service-logger.ts';
