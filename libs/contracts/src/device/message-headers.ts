/** Headers of a message in the stream MESSAGES; the payload is the payload. */
export const MESSAGE_HEADERS = {
  /** The topic name as the device published it. */
  topic: 'Gatehouse-Topic',
  qos: 'Gatehouse-Qos',
  /** When the edge received it, ISO 8601 UTC with milliseconds. */
  time: 'Gatehouse-Time',
  messageId: 'Gatehouse-Message-Id',
  /** The version of the parsing script that made the payload; absent when nothing was parsed. */
  scriptVersion: 'Gatehouse-Script-Version',
  retain: 'Mqtt-Retain',
  contentType: 'Content-Type',
  payloadFormat: 'Mqtt-Payload-Format-Indicator',
  expiry: 'Mqtt-Message-Expiry-Interval',
  responseTopic: 'Mqtt-Response-Topic',
  /** Base64. */
  correlationData: 'Mqtt-Correlation-Data',
  /** One header a property: JSON `["key","value"]`, percent-encoded outside printable ASCII. */
  userProperty: 'Mqtt-User-Property',
  traceparent: 'traceparent',
} as const;
