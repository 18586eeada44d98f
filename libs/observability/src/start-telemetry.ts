import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { observeEventLoopDelay } from './event-loop-delay.ts';
import { UnexportedTraces } from './unexported-traces.ts';

export interface Telemetry {
  /** Whether spans leave the process; without an endpoint only their ids are made, for logs and headers. */
  readonly isExporting: boolean;
  /** Every metric of the process, in Prometheus' text format. */
  metricsText(): Promise<string>;
  shutdown(): Promise<void>;
}

/**
 * Starts traces and metrics of this process; call it once, before anything else.
 * Spans go to `OTEL_EXPORTER_OTLP_ENDPOINT` by OTLP/HTTP when it is set.
 */
export function startTelemetry(service: string, instance: string): Telemetry {
  const resource = resourceFromAttributes({
    'service.name': `gatehouse-${service}`,
    'service.instance.id': instance,
  });
  const isExporting = (process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '') !== '';
  const exported = isExporting
    ? new TracerProvider({
        resource,
        sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
        spanProcessors: [
          new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), scheduledDelayMillis: 500 }),
        ],
      })
    : undefined;
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(exported ?? new UnexportedTraces());

  const reader = new PrometheusExporter({ preventServerStart: true });
  const meterProvider = new MeterProvider({ resource, readers: [reader] });
  metrics.setGlobalMeterProvider(meterProvider);
  observeEventLoopDelay(meterProvider.getMeter('gatehouse'));
  const serializer = new PrometheusSerializer();

  return {
    isExporting,
    metricsText: async () => serializer.serialize((await reader.collect()).resourceMetrics),
    shutdown: async () => {
      await exported?.shutdown();
      await meterProvider.shutdown();
    },
  };
}
