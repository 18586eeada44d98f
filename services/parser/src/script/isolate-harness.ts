/** The name that the customer's script has in stack traces. */
export const SCRIPT_FILE = 'transform-payload.js';

/** First character of a result line that holds no result but `<code> <line>:<column> <message>`. */
export const FAILURE_MARK = '!';
export const RESULT_SEPARATOR = '\n';
export const TOPIC_SEPARATOR = '\0';

/** A call does not begin another message after this time: nobody waits for the rest of a slow batch. */
const CALL_BUDGET_MS = 100;
/** Messages that take this long are told of one by one. */
const SLOW_MS = 2;
const MAX_SLOW = CALL_BUDGET_MS / SLOW_MS + 1;
/**
 * Words of the memory in which a call tells of its progress: the message in work, how many were slow, and of
 * each of these its number in the batch and its milliseconds.
 */
export const PROGRESS_WORDS = 2 + 2 * MAX_SLOW;

/**
 * Runs inside the isolate, before the customer's script: takes the built-ins that it needs while they are
 * genuine, and gives back the function that turns a whole batch into lines. It speaks ES5 like its guests.
 *
 * The function's arguments: where to write its progress ({@link PROGRESS_WORDS}) · lengths (u32 each) followed by
 * all payloads · how many there are · their topic names. When its time is over it gives back the lines it has.
 */
export const HARNESS_SOURCE = String.raw`(function () {
  'use strict';
  var call = Function.prototype.call;
  var stringify = JSON.stringify;
  var split = call.bind(String.prototype.split);
  var slice = call.bind(String.prototype.slice);
  var replace = call.bind(String.prototype.replace);
  var exec = call.bind(RegExp.prototype.exec);
  var now = Date.now;
  var text = String, List = Array, Bytes = Uint8Array, Words = Uint32Array;
  // What a parsing script has no use for, and what could hold a thread, share memory or run code of the
  // script at a time of its own choice.
  delete globalThis.WebAssembly;
  delete globalThis.SharedArrayBuffer;
  delete globalThis.Atomics;
  delete globalThis.FinalizationRegistry;
  delete globalThis.WeakRef;

  function failure(code, place, message) {
    return '!' + code + ' ' + place + ' ' + replace(slice(message, 0, 500), /[\r\n]+/g, ' ');
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

  function resultLine(topic, rawData) {
    var result, json;
    try { result = transformPayload(topic, rawData); } catch (error) { return thrown(error); }
    if (result === null || result === undefined) {
      return failure('6201', '0:0', 'transformPayload returned nothing');
    }
    if (typeof result !== 'object') {
      return failure('26007', '0:0', 'transformPayload returned a ' + typeof result + ', not an object');
    }
    try { json = stringify(result); } catch (error) {
      var why = thrown(error);
      return failure('6207', '0:0', 'the result cannot be written as JSON: ' + slice(why, 1));
    }
    if (json === '{}' || json === '[]') {
      return failure('6201', '0:0', 'transformPayload returned an empty ' + (json === '{}' ? 'object' : 'array'));
    }
    if (json === undefined || json[0] !== '{') {
      return failure('26007', '0:0', 'transformPayload returned something else than an object');
    }
    return json;
  }

  return function transformBatch(progress, buffer, count, topicNames) {
    var lengths = new Words(buffer, 0, count);
    var bytes = new Bytes(buffer, count * 4);
    var topics = count === 1 ? [topicNames] : split(topicNames, '\0');
    var lines = '';
    var at = 0;
    var slow = 0;
    var startedAt = now();
    var before = startedAt;
    progress[1] = 0;
    for (var index = 0; index < count; index += 1) {
      if (index > 0 && before - startedAt >= ${CALL_BUDGET_MS}) break;
      progress[0] = index;
      var length = lengths[index];
      var rawData = new List(length);
      for (var each = 0; each < length; each += 1) rawData[each] = bytes[at + each];
      at += length;
      lines += index === 0 ? resultLine(topics[0], rawData) : '\n' + resultLine(topics[index], rawData);
      var after = now();
      if (after - before >= ${SLOW_MS} && slow < ${MAX_SLOW}) {
        progress[2 + 2 * slow] = index;
        progress[3 + 2 * slow] = after - before;
        progress[1] = slow += 1;
      }
      before = after;
    }
    return lines;
  };
})()`;

/** Run after the customer's script, in the same global scope, where `const` and `function` are both seen. */
export const FUNCTION_CHECK_SOURCE = `typeof transformPayload === 'function'`;
