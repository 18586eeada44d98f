export interface ServerSentEvent {
  readonly event: string;
  readonly id: string;
  readonly data: string;
}

/**
 * Reads an event stream (WHATWG HTML §9.2) until `signal` ends it. Resolves when the server has sent its
 * first bytes, which is when it listens for what follows.
 */
export async function openEventStream(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<AsyncIterableIterator<ServerSentEvent>> {
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal });
  if (!response.ok || response.body === null) {
    throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const first = await reader.read();
  return eventsOf(first.value ?? '', reader);
}

async function* eventsOf(
  start: string,
  reader: ReadableStreamDefaultReader<string>,
): AsyncIterableIterator<ServerSentEvent> {
  let text = start;
  for (;;) {
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = eventOf(text.slice(0, end));
      text = text.slice(end + 2);
      if (event !== undefined) yield event;
    }
    const chunk = await reader.read();
    if (chunk.done) return;
    text += chunk.value;
  }
}

function eventOf(block: string): ServerSentEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const sofar = fields.get(name);
    fields.set(name, sofar === undefined ? value : `${sofar}\n${value}`);
  }
  if (!fields.has('data')) return undefined;
  return {
    event: fields.get('event') ?? 'message',
    id: fields.get('id') ?? '',
    data: fields.get('data') ?? '',
  };
}
