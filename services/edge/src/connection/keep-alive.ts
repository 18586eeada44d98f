const GRACE = 1.5;

/**
 * How long a client may stay silent before its connection is closed: 1.5 × Keep Alive.
 *
 * @param keepAliveSeconds Keep Alive of the CONNECT packet, 0 to 65 535 s; 0 sets no limit
 * @returns milliseconds, counted from the last bytes that arrived; Infinity for no limit
 * @see MQTT 5.0 §3.1.2.10 [MQTT5-3.1.2-22]; MQTT 3.1.1 §3.1.2.10 [MQTT3-3.1.2-24]
 */
export function silenceLimitMs(keepAliveSeconds: number): number {
  return keepAliveSeconds === 0 ? Number.POSITIVE_INFINITY : keepAliveSeconds * 1_000 * GRACE;
}
