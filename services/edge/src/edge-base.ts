import { StreamPublisher } from '@gatehouse/nats';
import type { ServiceProcess } from '@gatehouse/nest';
import type { Logger } from '@gatehouse/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import type { EdgeConfig } from './edge.config.ts';
import { EdgeMetrics } from './observability/edge-metrics.ts';
import { EdgeSpans } from './observability/edge-spans.ts';
import { NatsLink } from './routing/nats-link.ts';
import { UplinkPublisher } from './routing/uplink-publisher.ts';

/** What every part of this edge stands on. */
export interface EdgeBase {
  readonly config: EdgeConfig;
  readonly edgeId: string;
  /** Unique for ever: the edge's id and the time of this start. Ids of what it publishes begin with it. */
  readonly runId: string;
  readonly nats: NatsConnection;
  readonly link: NatsLink;
  readonly publisher: StreamPublisher;
  readonly uplink: UplinkPublisher;
  readonly metrics: EdgeMetrics;
  readonly spans: EdgeSpans;
  readonly logger: Logger;
}

export function edgeBase(config: EdgeConfig, process: ServiceProcess): EdgeBase {
  const { nats, logger, telemetry, instanceId } = process;
  const runId = `${instanceId}-${Date.now().toString(36)}`;
  const metrics = new EdgeMetrics();
  const spans = new EdgeSpans(telemetry.isExporting, config.EDGE_TRACES_PER_SECOND);
  const link = new NatsLink(nats);
  const publisher = new StreamPublisher(nats, config.EDGE_UPLINK_TIMEOUT_MS);
  const uplink = new UplinkPublisher(
    runId,
    {
      lingerMs: config.EDGE_UPLINK_LINGER_MS,
      denseLingerMs: config.EDGE_UPLINK_DENSE_LINGER_MS,
      queueMessages: config.EDGE_UPLINK_QUEUE_MESSAGES,
      queueBytes: config.EDGE_UPLINK_QUEUE_BYTES,
    },
    { publisher, link, metrics, spans, logger },
  );
  metrics.observe('uplink_queue_messages', () => uplink.queuedMessages);
  metrics.observe('uplink_queue_bytes', () => uplink.queuedBytes);
  return { config, edgeId: instanceId, runId, nats, link, publisher, uplink, metrics, spans, logger };
}
