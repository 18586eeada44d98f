import type { ConsoleLevel, ConsoleLog } from './script-sandbox.ts';

const LEVELS: readonly ConsoleLevel[] = ['log', 'info', 'warn', 'error', 'debug'];
const MAX_LINES = 100;
const MAX_CHARACTERS = 10_240;

/** Cells of the shared memory: characters written, lines written, whether more was written than fits; then the text. */
const USED = 0;
const LINES = 1;
const CUT = 2;
const TEXT = 3;
const LINE_END = 0;

/**
 * Runs inside the isolate, before the customer's script, as the body of a function whose argument is the shared
 * memory of {@link TrialConsole}: an isolate that had to be ended could no longer hand its lines over.
 */
export const TRIAL_CONSOLE_SOURCE = String.raw`
  'use strict';
  var memory = $0;
  var call = Function.prototype.call;
  var slice = call.bind(String.prototype.slice);
  var codeAt = call.bind(String.prototype.charCodeAt);
  var tagOf = call.bind(Object.prototype.toString);
  var join = call.bind(Array.prototype.join);
  var stringify = JSON.stringify, isView = ArrayBuffer.isView, listOf = Array.from;
  var text = String, Bytes = Uint8Array;

  function withBigInts(_, value) {
    return typeof value === 'bigint' ? text(value) + 'n' : value;
  }

  function shown(value) {
    try {
      if (typeof value === 'bigint') return text(value) + 'n';
      if (typeof value === 'function') return '[Function ' + value.name + ']';
      if (value === null || typeof value !== 'object') return text(value);
      var tag = slice(tagOf(value), 8, -1);
      if (tag === 'Error' || value instanceof Error || tag === 'RegExp') return text(value);
      if (tag === 'DataView' || tag === 'ArrayBuffer') {
        var bytes = tag === 'ArrayBuffer' ? new Bytes(value) : new Bytes(value.buffer, value.byteOffset, value.byteLength);
        return tag + '(' + bytes.length + ') [' + join(listOf(slice1000(bytes)), ', ') + ']';
      }
      if (isView(value)) return tag + '(' + value.length + ') [' + join(slice1000(value), ', ') + ']';
      if (tag === 'Map' || tag === 'Set') {
        return tag + '(' + value.size + ') ' + stringify(listOf(value), withBigInts);
      }
      return text(stringify(value, withBigInts));
    } catch (_) {
      try { return text(value); } catch (__) { return 'a value that cannot be shown'; }
    }
  }

  function slice1000(view) {
    return view.subarray(0, 1000);
  }

  function write(level, values) {
    if (memory[${CUT}] === 1) return;
    if (memory[${LINES}] === ${MAX_LINES}) { memory[${CUT}] = 1; return; }
    var line = '';
    for (var index = 0; index < values.length; index += 1) {
      line += (index === 0 ? '' : ' ') + shown(values[index]);
      if (line.length > ${MAX_CHARACTERS}) break;
    }
    var room = ${MAX_CHARACTERS} - memory[${USED}] - 2;
    if (line.length > room) {
      memory[${CUT}] = 1;
      if (room < 1) return;
      line = slice(line, 0, room);
    }
    var at = ${TEXT} + memory[${USED}];
    memory[at] = 48 + level;
    for (var each = 0; each < line.length; each += 1) memory[at + 1 + each] = codeAt(line, each) || 0xfffd;
    memory[at + 1 + line.length] = ${LINE_END};
    memory[${USED}] += line.length + 2;
    memory[${LINES}] += 1;
  }

  var levels = ${JSON.stringify(LEVELS)};
  for (var level = 0; level < levels.length; level += 1) {
    console[levels[level]] = (function (number) {
      return function () { write(number, arguments); };
    })(level);
  }
`;

/** What a script on trial writes to its console. */
export class TrialConsole {
  readonly memory = new Uint16Array(
    new SharedArrayBuffer((TEXT + MAX_CHARACTERS) * Uint16Array.BYTES_PER_ELEMENT),
  );

  /** @returns what was written since it was asked last */
  take(): ConsoleLog {
    const { memory } = this;
    const end = TEXT + Math.min(memory[USED] ?? 0, MAX_CHARACTERS);
    const lines: { level: ConsoleLevel; text: string }[] = [];
    for (let from = TEXT; from < end;) {
      const to = memory.indexOf(LINE_END, from);
      if (to < 0 || to >= end) break;
      const level = LEVELS[(memory[from] ?? 0) - '0'.charCodeAt(0)] ?? 'log';
      lines.push({ level, text: String.fromCharCode(...memory.subarray(from + 1, to)) });
      from = to + 1;
    }
    const isCut = memory[CUT] === 1;
    memory.fill(0, 0, TEXT);
    return { lines, isCut };
  }
}
