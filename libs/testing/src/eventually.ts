/**
 * Asks until `check` no longer throws; for states that nothing announces. Prefer awaiting an event.
 *
 * @param timeoutMs when a test that fails gives up: far longer than a busy machine takes for what it waits for
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  timeoutMs = 20_000,
  everyMs = 20,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, everyMs);
      });
    }
  }
}
