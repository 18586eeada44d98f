export interface BenchScript {
  readonly name: string;
  readonly code: string;
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** What the reference documentation shows, and one that has more to do. */
export const BENCH_SCRIPTS: readonly BenchScript[] = [
  {
    name: "the reference's sample, 12 bytes",
    topic: '/user/update',
    payload: Buffer.from('000000000100320100000000', 'hex'),
    code: `
var SELF_DEFINE_TOPIC_UPDATE_FLAG = '/user/update'
var SELF_DEFINE_TOPIC_ERROR_FLAG = '/user/update/error'
function transformPayload(topic, rawData) {
  var jsonMap = {};
  var uint8Array = new Uint8Array(rawData.length);
  for (var i = 0; i < rawData.length; i++) {
    uint8Array[i] = rawData[i] & 0xff;
  }
  var dataView = new DataView(uint8Array.buffer, 0);
  if (topic.includes(SELF_DEFINE_TOPIC_ERROR_FLAG)) {
    jsonMap['topic'] = topic;
    jsonMap['errorCode'] = dataView.getInt8(0)
  } else if (topic.includes(SELF_DEFINE_TOPIC_UPDATE_FLAG)) {
    jsonMap['topic'] = topic;
    jsonMap['prop_int16'] = dataView.getInt16(5);
    jsonMap['prop_bool'] = uint8Array[7];
    jsonMap['prop_float'] = dataView.getFloat32(8);
  }
  return jsonMap;
}`,
  },
  {
    name: '128 values out of 256 bytes',
    topic: 'up/samples',
    payload: Uint8Array.from({ length: 256 }, (_, index) => (index * 37) % 256),
    code: `
function transformPayload(topic, rawData) {
  var values = [], sum = 0, checksum = 0;
  for (var i = 0; i + 1 < rawData.length; i += 2) {
    var word = ((rawData[i] & 0xff) << 8) | (rawData[i + 1] & 0xff);
    var value = (word > 0x7fff ? word - 0x10000 : word) / 10;
    values.push(value);
    sum += value;
    checksum = (checksum * 31 + word) >>> 0;
  }
  return { topic: topic, count: values.length, mean: sum / values.length, checksum: checksum, values: values };
}`,
  },
];
