/**
 * The demo product's parsing script: it makes sense of whatever somebody types who tries Gatehouse out.
 * ECMAScript 5, as the reference platform's scripts are.
 */
export const DEMO_SCRIPT = `// Called for every message of this product's devices.
//   topic    the topic name, a string
//   rawData  the payload, an array of bytes
// What it returns is the message that applications receive.
function transformPayload(topic, rawData) {
  var text = textOf(rawData);
  if (text === null) return { hex: hexOf(rawData), topic: topic };

  var value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { text: text, topic: topic };
  }
  if (value === null || typeof value !== 'object') return { value: value, topic: topic };
  if (Array.isArray(value)) return { values: value, topic: topic };
  if (value.topic === undefined) value.topic = topic;
  return value;
}

function hexOf(bytes) {
  var hex = '';
  for (var i = 0; i < bytes.length; i += 1) hex += ('0' + (bytes[i] & 0xff).toString(16)).slice(-2);
  return hex;
}

// The payload as UTF-8 text; null when it is something else.
function textOf(bytes) {
  try {
    return decodeURIComponent(hexOf(bytes).replace(/../g, '%$&'));
  } catch (error) {
    return null;
  }
}
`;
