/** The name that the customer's script has in stack traces. */
export const SCRIPT_FILE = 'transform-payload.js';

/** First character of a result line that holds no result but `<code> <line>:<column> <message>`. */
export const FAILURE_MARK = '!';
export const RESULT_SEPARATOR = '\n';
export const TOPIC_SEPARATOR = '\0';

/** Bytes that `protocolToRawData` may return at most: the default packet limit of a gateway. */
export const MAX_DOWNLINK_BYTES = 262_144;

/** Which function of the script is called; bits of what {@link FUNCTION_CHECK_SOURCE} finds. */
export const SCRIPT_FUNCTIONS = { transformPayload: 1, rawDataToProtocol: 2, protocolToRawData: 4 } as const;
export type ScriptFunction = keyof typeof SCRIPT_FUNCTIONS;
export const SCRIPT_FUNCTION_NAMES = ['transformPayload', 'rawDataToProtocol', 'protocolToRawData'] as const;

/** A call does not begin another message after this time: nobody waits for the rest of a slow batch. */
const CALL_BUDGET_MS = 100;
/** Messages that take this long are told of one by one. */
const SLOW_MS = 2;
const MAX_SLOW = CALL_BUDGET_MS / SLOW_MS + 1;
/**
 * Words of the memory in which a call tells of its progress: the message in work; how many are done, once it
 * begins no other and only promises are left; how many were slow, and of each of these its number in the batch
 * and its milliseconds.
 */
export const PROGRESS_WORDS = 3 + 2 * MAX_SLOW;

/**
 * Runs inside the isolate, before the customer's script: takes the built-ins that it needs while they are
 * genuine, and gives back the function that turns a whole batch into lines. It speaks ES5 like its guests.
 *
 * The function's arguments: which function of the script to call · where to write its progress
 * ({@link PROGRESS_WORDS}) · lengths (u32 each) followed by all payloads · how many there are · their topic names.
 * When its time is over it gives back the lines it has. For `protocolToRawData`, whose line is the bytes in hex:
 * no buffer, one, its JSON.
 */
export const HARNESS_SOURCE = String.raw`(function () {
  'use strict';
  var call = Function.prototype.call;
  var stringify = JSON.stringify, parse = JSON.parse;
  var split = call.bind(String.prototype.split);
  var slice = call.bind(String.prototype.slice);
  var includes = call.bind(String.prototype.includes);
  var exec = call.bind(RegExp.prototype.exec);
  var tagOf = call.bind(Object.prototype.toString);
  var viewTagOf = call.bind(
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get
  );
  var thenOf = call.bind(Promise.prototype.then);
  var isArray = Array.isArray, now = Date.now;
  var text = String, List = Array, Bytes = Uint8Array, Words = Uint32Array;
  var hex = [];
  for (var value = 0; value < 256; value += 1) hex[value] = (value < 16 ? '0' : '') + value.toString(16);
  // What a parsing script has no use for, and what could hold a thread, share memory or run code of the
  // script at a time of its own choice.
  delete globalThis.WebAssembly;
  delete globalThis.SharedArrayBuffer;
  delete globalThis.Atomics;
  delete globalThis.FinalizationRegistry;
  delete globalThis.WeakRef;

  // V8 ends the whole process when a string of more than 134,217,727 characters is split into each of them.
  var apply = Reflect.apply, genuineSplit = String.prototype.split, LimitError = RangeError;
  Object.defineProperty(String.prototype, 'split', { value: ({
    split(separator, limit) {
      var whole = this === undefined || this === null || typeof this === 'string' ? this : text(this);
      if (typeof whole === 'string' && whole.length > 67108864) throw new LimitError('Invalid array length');
      return apply(genuineSplit, whole, [separator, limit]);
    },
  }).split });

  // The memory of a resizable buffer counts for no limit.
  var construct = Reflect.construct, Buffers = ArrayBuffer;
  globalThis.ArrayBuffer = new Proxy(Buffers, {
    __proto__: null,
    construct: function (target, given, newTarget) { return construct(target, [given[0]], newTarget); },
  });
  Buffers.prototype.constructor = globalThis.ArrayBuffer;

  // Without a regular expression: the script may have taught them otherwise, and a line break would be a result.
  function failure(code, place, message) {
    var whole = slice(message, 0, 500);
    var line = '';
    for (var at = 0; at < whole.length; at += 1) {
      if (whole[at] !== '\n' && whole[at] !== '\r') line += whole[at];
      else if (line[line.length - 1] !== ' ') line += ' ';
    }
    return '!' + code + ' ' + place + ' ' + line;
  }

  function thrown(error) {
    var message = 'an exception that cannot be shown';
    var place = '0:0';
    try { message = text(error); } catch (_) {}
    try {
      var found = exec(/transform-payload\.js:(\d+:\d+)/, text(error.stack));
      if (found !== null) place = found[1];
    } catch (_) {}
    return failure('26002', place, message);
  }

  function isPromise(result) {
    try { return tagOf(result) === '[object Promise]'; } catch (_) { return false; }
  }

  function nothing() {}

  // What it is rejected with would be heard as an error of the whole batch.
  function promised(name, promise) {
    try { thenOf(promise, nothing, nothing); } catch (_) {}
    return failure('26007', '0:0', name + ' returned a Promise: nobody waits for it, return the result itself');
  }

  function notWritten(error) {
    var why = thrown(error);
    if (includes(why, 'BigInt')) {
      return failure(
        '6207', '0:0', 'the result holds a BigInt, which JSON has no place for: return Number(x) or String(x)'
      );
    }
    return failure('6207', '0:0', 'the result cannot be written as JSON: ' + slice(why, 1));
  }

  function noResult(kind, result, json) {
    var name = kind === 1 ? 'transformPayload' : 'rawDataToProtocol';
    if (result === null || result === undefined) return failure('6201', '0:0', name + ' returned nothing');
    if (typeof result !== 'object') {
      return failure('26007', '0:0', name + ' returned a ' + typeof result + ', not an object');
    }
    if (isPromise(result)) return promised(name, result);
    if (json === '{}') return failure('6201', '0:0', name + ' returned an empty object');
    if (json === '[]') return failure('6201', '0:0', name + ' returned an empty array');
    return failure('26007', '0:0', name + ' returned something else than an object');
  }

  function resultLine(kind, topic, rawData) {
    var result, json;
    try {
      result = kind === 1 ? transformPayload(topic, rawData) : rawDataToProtocol(rawData);
    } catch (error) { return thrown(error); }
    if (result === null || typeof result !== 'object') return noResult(kind, result);
    try { json = stringify(result); } catch (error) { return notWritten(error); }
    if (json === undefined || json[0] !== '{' || json === '{}') return noResult(kind, result, json);
    return json;
  }

  function shown(value) {
    return typeof value === 'string' ? stringify(slice(value, 0, 50)) : slice(text(value), 0, 50);
  }

  function hexOf(result) {
    var view = viewTagOf(result);
    if (!isArray(result) && view !== 'Uint8Array' && view !== 'Int8Array' && view !== 'Uint8ClampedArray') {
      if (isPromise(result)) return promised('protocolToRawData', result);
      var kind = typeof result === 'object' ? 'something else than' : 'a ' + typeof result + ', not';
      return failure('26007', '0:0', 'protocolToRawData returned ' + kind + ' an array of bytes');
    }
    var length = result.length;
    if (length === 0) return failure('6201', '0:0', 'protocolToRawData returned an empty array');
    if (!(length <= ${MAX_DOWNLINK_BYTES})) {
      return failure(
        '26007', '0:0', 'protocolToRawData returned ' + length + ' bytes; ${MAX_DOWNLINK_BYTES} are allowed'
      );
    }
    var line = '';
    for (var index = 0; index < length; index += 1) {
      var value = result[index];
      if (typeof value !== 'number' || value !== (value | 0) || value < -128 || value > 255) {
        return failure(
          '26007', '0:0',
          'protocolToRawData returned ' + shown(value) + ' at index ' + index + ', not a byte (-128 to 255)'
        );
      }
      line += hex[value & 255];
    }
    return line;
  }

  function bytesLine(json) {
    try {
      var result = protocolToRawData(parse(json));
      if (result === null || result === undefined) {
        return failure('6201', '0:0', 'protocolToRawData returned nothing');
      }
      return hexOf(result);
    } catch (error) { return thrown(error); }
  }

  return function run(kind, progress, buffer, count, texts) {
    progress[1] = 0;
    progress[2] = 0;
    if (kind === 4) {
      progress[0] = 0;
      var line = bytesLine(texts);
      progress[1] = 1;
      return line;
    }
    var lengths = new Words(buffer, 0, count);
    var bytes = new Bytes(buffer, count * 4);
    var topics = count === 1 ? [texts] : split(texts, '\0');
    var lines = '';
    var at = 0;
    var slow = 0;
    var startedAt = now();
    var before = startedAt;
    var index = 0;
    for (; index < count; index += 1) {
      if (index > 0 && before - startedAt >= ${CALL_BUDGET_MS}) break;
      progress[0] = index;
      var length = lengths[index];
      var rawData = new List(length);
      for (var each = 0; each < length; each += 1) rawData[each] = bytes[at + each];
      at += length;
      lines += index === 0 ? resultLine(kind, topics[0], rawData) : '\n' + resultLine(kind, topics[index], rawData);
      var after = now();
      if (after - before >= ${SLOW_MS} && slow < ${MAX_SLOW}) {
        progress[3 + 2 * slow] = index;
        progress[4 + 2 * slow] = after - before;
        progress[2] = slow += 1;
      }
      before = after;
    }
    progress[1] = index;
    return lines;
  };
})()`;

/** Run after the customer's script, in the same global scope, where `const` and `function` are both seen. */
export const FUNCTION_CHECK_SOURCE = SCRIPT_FUNCTION_NAMES.map(
  (name) => `(typeof ${name} === 'function' ? ${SCRIPT_FUNCTIONS[name]} : 0)`,
).join(' | ');
