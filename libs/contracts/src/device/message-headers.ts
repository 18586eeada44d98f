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
  /** Why the payload is what the device sent although its gateway parses: the code of the failure. */
  parsingError: 'Gatehouse-Parsing-Error',
  /** `1`: parsing had failed at first, and this came of a later try. */
  parsedAgain: 'Gatehouse-Parsed-Again',
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

/** Besides {@link MESSAGE_HEADERS}, what a message in the stream PARSING_FAILURES has. */
export const FAILURE_HEADERS = {
  errorMessage: 'Gatehouse-Parsing-Error-Message',
  /** Where in the script, from 1; absent when the engine did not say. */
  errorLine: 'Gatehouse-Parsing-Error-Line',
  errorColumn: 'Gatehouse-Parsing-Error-Column',
  /** The topic name, when it begins or ends with a space or holds a line end: a header cannot have these. */
  exactTopic: 'Gatehouse-Topic-Base64',
} as const;
