import type { StreamedMessage, WatchedMessage } from '@gatehouse/contracts';

/** A message as a reader of the stream sees it: bytes as base64, and readable wherever they are readable. */
export function streamedMessageOf(watched: WatchedMessage): StreamedMessage {
  const { messageId, deviceName, topic, qos, time, raw, outcome, payload } = watched;
  const rawText = textOf(raw);
  return {
    messageId,
    deviceName,
    topic,
    qos,
    time,
    raw: rawText === undefined ? { base64: raw } : { base64: raw, text: rawText },
    outcome,
    payload: payload === undefined ? null : readablePayload(payload),
    scriptVersion: watched.scriptVersion ?? null,
    error: watched.error ?? null,
    traceparent: watched.traceparent ?? null,
  };
}

function readablePayload(base64: string): unknown {
  const text = textOf(base64);
  if (text === undefined) return { base64 };
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text that the bytes are, when they are UTF-8 without control characters but tab and line ends. */
function textOf(base64: string): string | undefined {
  try {
    const text = utf8.decode(Buffer.from(base64, 'base64'));
    return /[^\P{Cc}\t\r\n]/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
