import { CountedTotal } from '@gatehouse/observability';
import { afterAll, expect, test } from 'vitest';
import { IsolateSandboxes } from './isolate-sandbox.ts';
import { ScriptFailure } from './script-failure.ts';
import type { ScriptOutcome } from './script-sandbox.ts';

/**
 * A script of the kind that the reference documentation teaches, in its idioms: signed bytes masked with
 * `& 0xff`, `DataView`, `includes`, and bytes gathered by `[].slice.call` of a typed array.
 */
const SCRIPT = `
var REPORT = 0x00, SET = 0x01, REPORT_REPLY = 0x02, SET_REPLY = 0x03;
var POST_METHOD = 'thing.event.property.post';
var SET_METHOD = 'thing.service.property.set';
var UPDATE = '/user/update';
var UPDATE_ERROR = '/user/update/error';

function viewOf(bytes) {
  var uint8Array = new Uint8Array(bytes.length);
  for (var i = 0; i < bytes.length; i++) {
    uint8Array[i] = bytes[i] & 0xff;
  }
  return new DataView(uint8Array.buffer, 0);
}

function rawDataToProtocol(bytes) {
  var view = viewOf(bytes);
  var head = view.getUint8(0);
  var json = new Object();
  if (head == REPORT) {
    json['method'] = POST_METHOD;
    json['version'] = '1.0';
    json['id'] = '' + view.getInt32(1);
    json['params'] = {
      prop_int16: view.getInt16(5), prop_bool: view.getUint8(7), prop_float: view.getFloat32(8)
    };
  } else if (head == SET_REPLY) {
    json['version'] = '1.0';
    json['id'] = '' + view.getInt32(1);
    json['code'] = '' + view.getUint8(5);
    json['data'] = {};
  }
  return json;
}

function bytesOf(width, write) {
  var buffer = new Uint8Array(new ArrayBuffer(width));
  write(new DataView(buffer.buffer, 0));
  return [].slice.call(buffer);
}

function protocolToRawData(json) {
  var payload = [];
  var id = bytesOf(4, function (view) { view.setInt32(0, parseInt(json['id'])) });
  if (json['method'] == SET_METHOD) {
    var params = json['params'];
    payload = payload.concat([SET], id);
    payload = payload.concat(bytesOf(2, function (view) { view.setInt16(0, params['prop_int16']) }));
    payload = payload.concat([params['prop_bool']]);
    payload = payload.concat(bytesOf(4, function (view) { view.setFloat32(0, params['prop_float']) }));
  } else if (json['method'] == POST_METHOD) {
    payload = payload.concat([REPORT_REPLY], id, [json['code']]);
  }
  return payload;
}

function transformPayload(topic, rawData) {
  var json = {};
  var view = viewOf(rawData);
  if (topic.includes(UPDATE_ERROR)) {
    json['topic'] = topic;
    json['errorCode'] = view.getInt8(0);
  } else if (topic.includes(UPDATE)) {
    json['topic'] = topic;
    json['prop_int16'] = view.getInt16(5);
    json['prop_bool'] = view.getUint8(7);
    json['prop_float'] = view.getFloat32(8);
  }
  return json;
}
`;
const TSL_ALONE = SCRIPT.slice(0, SCRIPT.indexOf('function transformPayload'));

const sandboxes = new IsolateSandboxes(
  { timeoutMs: 5_000, memoryMb: 32, maxResultBytes: 100_000 },
  { scriptCpuSeconds: new CountedTotal('test.script_cpu', ''), onIsolateLost: () => undefined },
);
const whole = sandboxes.open(SCRIPT);
const tslAlone = sandboxes.open(TSL_ALONE);
afterAll(() => {
  whole.retire();
  tslAlone.retire();
});

function bytes(outcome: ScriptOutcome | undefined): Buffer {
  if (outcome === undefined || outcome instanceof ScriptFailure) throw new Error(JSON.stringify(outcome));
  return Buffer.from(outcome);
}

const payloadOf = (hex: string): Uint8Array => Buffer.from(hex, 'hex');

test.each([
  [
    '/a1pk/dev/user/update',
    '000000000100320100000000',
    { prop_float: 0, prop_int16: 50, prop_bool: 1, topic: '/a1pk/dev/user/update' },
  ],
  ['/a1pk/dev/user/update/error', 'ff', { topic: '/a1pk/dev/user/update/error', errorCode: -1 }],
  ['/a1pk/dev/user/update/error', '7f', { topic: '/a1pk/dev/user/update/error', errorCode: 127 }],
])('uplink of topic %s: %s', async (topic, hex, expected) => {
  const [outcome] = await whole.run([{ topic, payload: payloadOf(hex) }]);
  expect(JSON.parse(bytes(outcome).toString())).toEqual(expected);
});

test('a topic that the script does not know has an empty result', async () => {
  expect(await whole.run([{ topic: '/other', payload: payloadOf('01') }])).toMatchObject([{ code: '6201' }]);
});

test.each([
  [
    '00002233441232013fa00000',
    '{"method":"thing.event.property.post","version":"1.0","id":"2241348",' +
      '"params":{"prop_int16":4658,"prop_bool":1,"prop_float":1.25}}',
  ],
  [
    '000000000100320100000000',
    '{"method":"thing.event.property.post","version":"1.0","id":"1",' +
      '"params":{"prop_int16":50,"prop_bool":1,"prop_float":0}}',
  ],
  ['0300223344c8', '{"version":"1.0","id":"2241348","code":"200","data":{}}'],
])('uplink of TSL data %s', async (hex, expected) => {
  const [outcome] = await tslAlone.run([{ topic: '/sys/up_raw', payload: payloadOf(hex) }]);
  expect(bytes(outcome).toString()).toBe(expected);
});

test.each([
  [
    {
      method: 'thing.service.property.set',
      id: '12345',
      version: '1.0',
      params: { prop_float: 123.452, prop_int16: 333, prop_bool: 1 },
    },
    '0100003039014d0142f6e76d',
  ],
  [{ method: 'thing.event.property.post', id: '12345', version: '1.0', code: 200, data: {} }, '0200003039c8'],
])('downlink of %j', async (json, expected) => {
  expect(bytes(await whole.encode(JSON.stringify(json))).toString('hex')).toBe(expected);
});

test('a result in Alink JSON passes byte for byte', async () => {
  const alink =
    '{"id":"123","version":"1.0","params":{"Power":{"value":"on","time":1524448722000}},"method":"thing.event.property.post"}';
  const sandbox = sandboxes.open(`function transformPayload() { return JSON.parse('${alink}') }`);
  const [outcome] = await sandbox.run([{ topic: 'up', payload: new Uint8Array() }]);
  expect(bytes(outcome).toString()).toBe(alink);
  sandbox.retire();
});
