import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Meter } from '@opentelemetry/api';

const RESOLUTION_MS = 10;
const NANOSECONDS_PER_SECOND = 1e9;
const PERCENTILES = [50, 99, 100] as const;

/**
 * How late this process's event loop is, since metrics were collected last: the wait of whatever is ready to
 * run. A saturated service shows here first.
 */
export function observeEventLoopDelay(meter: Meter): void {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  meter
    .createObservableGauge('gatehouse.event_loop_delay', {
      description: 'How late the event loop was since the last collection, by quantile',
      unit: 's',
    })
    .addCallback((result) => {
      for (const percentile of PERCENTILES) {
        // Node counts the time between two samples in.
        const late = delays.percentile(percentile) / NANOSECONDS_PER_SECOND - RESOLUTION_MS / 1_000;
        result.observe(Math.max(0, late), { quantile: String(percentile / 100) });
      }
      delays.reset();
    });
}
