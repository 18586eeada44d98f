import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { ServerSentEvents } from './server-sent-events.ts';

class Sink extends EventEmitter {
  written: string[] = [];
  writableLength = 0;
  isEnded = false;
  write(text: string): boolean {
    this.written.push(text);
    return true;
  }
  end(): this {
    this.isEnded = true;
    return this;
  }
}

const streamTo = (sink: Sink, maxBytes?: number): ServerSentEvents =>
  new ServerSentEvents(sink as never, maxBytes);

test('an event is an event line, an id line, one data line and an empty line', () => {
  const sink = new Sink();
  streamTo(sink).send('message', { text: 'a\nb' }, 'm1');
  expect(sink.written).toEqual(['event: message\nid: m1\ndata: {"text":"a\\nb"}\n\n']);
});

test('a reader that is too slow loses events and is told how many', () => {
  const sink = new Sink();
  const events = streamTo(sink, 100);
  sink.writableLength = 100;
  expect([events.send('message', 1), events.send('message', 2)]).toEqual([false, false]);
  sink.writableLength = 0;
  sink.emit('drain');
  events.send('message', 3);
  expect(sink.written).toEqual(['event: dropped\ndata: {"count":2}\n\n', 'event: message\ndata: 3\n\n']);
});

test('after its end a stream writes nothing', () => {
  const sink = new Sink();
  const events = streamTo(sink);
  events.end();
  events.send('message', 1);
  events.comment('alive');
  expect([sink.isEnded, sink.written]).toEqual([true, []]);
});
