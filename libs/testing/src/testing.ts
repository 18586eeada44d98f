export { collectGarbage } from './collect-garbage.ts';
export { deciderSpec } from './decider-spec.ts';
export { eventually } from './eventually.ts';
export { startFunctionServer, type FunctionServer } from './function-server.ts';
export { startHttpsServer, type HttpsServer, type ReceivedRequest, type Responder } from './https-server.ts';
export { quickest } from './quickest.ts';
export { SpanCollector, type CollectedSpan } from './span-collector.ts';
export { createTestDatabase, type TestDatabase } from './test-database.ts';
export { startTestNats } from './test-nats.ts';
