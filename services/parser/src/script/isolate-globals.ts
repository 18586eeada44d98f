/**
 * Runs inside the isolate, before the customer's script: what scripts of today expect and V8 by itself does not
 * have. Decoding follows the WHATWG Encoding Standard, base64 the Infra Standard; `InvalidCharacterError` is the
 * name of an Error, since there is no DOMException.
 */
export const GLOBALS_SOURCE = String.raw`(function () {
  'use strict';
  const { fromCharCode } = String;
  const isView = ArrayBuffer.isView;
  const LABELS = new Map();
  for (const label of ['unicode-1-1-utf-8', 'unicode11utf8', 'unicode20utf8', 'utf-8', 'utf8', 'x-unicode20utf8']) {
    LABELS.set(label, 'utf-8');
  }
  for (const label of ['csunicode', 'iso-10646-ucs-2', 'ucs-2', 'unicode', 'unicodefeff', 'utf-16', 'utf-16le']) {
    LABELS.set(label, 'utf-16le');
  }
  LABELS.set('unicodefffe', 'utf-16be').set('utf-16be', 'utf-16be');
  for (const label of [
    'ansi_x3.4-1968', 'ascii', 'cp1252', 'cp819', 'csisolatin1', 'ibm819', 'iso-8859-1', 'iso-ir-100', 'iso8859-1',
    'iso88591', 'iso_8859-1', 'iso_8859-1:1987', 'l1', 'latin1', 'us-ascii', 'windows-1252', 'x-cp1252'
  ]) LABELS.set(label, 'windows-1252');
  const WINDOWS_1252 = [
    0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d,
    0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d,
    0x17e, 0x178
  ];
  const CHUNK = 4096;
  const NO_BYTES = new Uint8Array(0);

  function bytesOf(input) {
    if (input === undefined) return NO_BYTES;
    if (isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    try { return new Uint8Array(ArrayBuffer.prototype.slice.call(input, 0)); } catch (_) {}
    throw new TypeError(
      'TextDecoder.decode takes a Uint8Array or another view of bytes' +
        (Array.isArray(input) ? '; for an array write decode(Uint8Array.from(rawData))' : '')
    );
  }

  class Units {
    text = '';
    units = [];
    push(unit) {
      this.units.push(unit);
      if (this.units.length === CHUNK) this.flush();
    }
    pushPoint(point) {
      if (point < 0x10000) return this.push(point);
      this.push(0xd800 + ((point - 0x10000) >> 10));
      this.push(0xdc00 + ((point - 0x10000) & 0x3ff));
    }
    flush() {
      if (this.units.length > 0) this.text += fromCharCode.apply(null, this.units);
      this.units.length = 0;
      return this.text;
    }
  }

  class Utf8 {
    point = 0; needed = 0; seen = 0; lower = 0x80; upper = 0xbf;
    decode(bytes, out, wrong) {
      for (let at = 0; at < bytes.length; at += 1) {
        const byte = bytes[at];
        if (this.needed === 0) {
          if (byte < 0x80) out.push(byte);
          else if (byte >= 0xc2 && byte <= 0xdf) { this.needed = 1; this.point = byte & 0x1f; }
          else if (byte >= 0xe0 && byte <= 0xef) {
            if (byte === 0xe0) this.lower = 0xa0;
            if (byte === 0xed) this.upper = 0x9f;
            this.needed = 2; this.point = byte & 0xf;
          } else if (byte >= 0xf0 && byte <= 0xf4) {
            if (byte === 0xf0) this.lower = 0x90;
            if (byte === 0xf4) this.upper = 0x8f;
            this.needed = 3; this.point = byte & 0x7;
          } else wrong(out);
        } else if (byte < this.lower || byte > this.upper) {
          this.reset();
          wrong(out);
          at -= 1;
        } else {
          this.lower = 0x80; this.upper = 0xbf;
          this.point = (this.point << 6) | (byte & 0x3f);
          this.seen += 1;
          if (this.seen === this.needed) { const point = this.point; this.reset(); out.pushPoint(point); }
        }
      }
    }
    end(out, wrong) {
      if (this.needed === 0) return;
      this.reset();
      wrong(out);
    }
    reset() { this.point = this.needed = this.seen = 0; this.lower = 0x80; this.upper = 0xbf; }
  }

  class Utf16 {
    first = -1; lead = -1;
    constructor(isBigEndian) { this.isBigEndian = isBigEndian; }
    decode(bytes, out, wrong) {
      for (const byte of bytes) {
        if (this.first < 0) { this.first = byte; continue; }
        const unit = this.isBigEndian ? (this.first << 8) | byte : (byte << 8) | this.first;
        this.first = -1;
        const isTrail = unit >= 0xdc00 && unit <= 0xdfff;
        if (this.lead >= 0) {
          const lead = this.lead;
          this.lead = -1;
          if (isTrail) { out.push(lead); out.push(unit); continue; }
          wrong(out);
        }
        if (isTrail) wrong(out);
        else if (unit >= 0xd800 && unit <= 0xdbff) this.lead = unit;
        else out.push(unit);
      }
    }
    end(out, wrong) {
      if (this.first < 0 && this.lead < 0) return;
      this.first = this.lead = -1;
      wrong(out);
    }
  }

  const windows1252 = {
    decode(bytes, out) {
      for (const byte of bytes) out.push(byte >= 0x80 && byte <= 0x9f ? WINDOWS_1252[byte - 0x80] : byte);
    },
    end() {}
  };

  function replace(out) { out.push(0xfffd); }
  function refuse() { throw new TypeError('The encoded data was not valid for its encoding'); }

  class TextDecoder {
    #encoding; #fatal; #ignoreBOM; #decoder; #isFirst = true;
    constructor(label = 'utf-8', options = {}) {
      const encoding = LABELS.get(String(label).replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, '').toLowerCase());
      if (encoding === undefined) {
        throw new RangeError(
          'The "' + label + '" encoding is not supported: utf-8, utf-16le, utf-16be and windows-1252 (latin1) are'
        );
      }
      this.#encoding = encoding;
      this.#fatal = Boolean(options?.fatal);
      this.#ignoreBOM = Boolean(options?.ignoreBOM);
    }
    get encoding() { return this.#encoding; }
    get fatal() { return this.#fatal; }
    get ignoreBOM() { return this.#ignoreBOM; }
    get [Symbol.toStringTag]() { return 'TextDecoder'; }
    decode(input, options = {}) {
      const bytes = bytesOf(input);
      this.#decoder ??= this.#encoding === 'utf-8' ? new Utf8()
        : this.#encoding === 'windows-1252' ? windows1252 : new Utf16(this.#encoding === 'utf-16be');
      const decoder = this.#decoder;
      const out = new Units();
      const wrong = this.#fatal ? refuse : replace;
      const isLast = !options?.stream;
      try {
        decoder.decode(bytes, out, wrong);
        if (isLast) decoder.end(out, wrong);
      } catch (error) {
        this.#decoder = undefined;
        this.#isFirst = true;
        throw error;
      }
      let text = out.flush();
      if (this.#isFirst && text !== '') {
        if (!this.#ignoreBOM && this.#encoding !== 'windows-1252' && text[0] === '\ufeff') text = text.slice(1);
        this.#isFirst = false;
      }
      if (isLast) {
        this.#decoder = undefined;
        this.#isFirst = true;
      }
      return text;
    }
  }

  function encoded(text) {
    const bytes = [];
    for (const character of text) {
      let point = character.codePointAt(0);
      if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
      if (point < 0x80) bytes.push(point);
      else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 0x3f));
      else if (point < 0x10000) {
        bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
      } else {
        bytes.push(
          0xf0 | (point >> 18), 0x80 | ((point >> 12) & 0x3f), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f)
        );
      }
    }
    return bytes;
  }

  class TextEncoder {
    get encoding() { return 'utf-8'; }
    get [Symbol.toStringTag]() { return 'TextEncoder'; }
    encode(text = '') { return Uint8Array.from(encoded(String(text))); }
    encodeInto(text, target) {
      let read = 0, written = 0;
      for (const character of String(text)) {
        const bytes = encoded(character);
        if (written + bytes.length > target.length) break;
        target.set(bytes, written);
        written += bytes.length;
        read += character.length;
      }
      return { read, written };
    }
  }

  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const VALUES = new Map(Array.from(ALPHABET, (character, value) => [character, value]));

  function invalidCharacter(message) {
    const error = new Error(message);
    error.name = 'InvalidCharacterError';
    return error;
  }

  function atob(data) {
    let text = String(data).replace(/[\t\n\f\r ]/g, '');
    if (text.length % 4 === 0) text = text.replace(/==?$/, '');
    if (text.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(text)) {
      throw invalidCharacter('atob: the text is not correctly encoded base64');
    }
    const out = new Units();
    let bits = 0, count = 0;
    for (const character of text) {
      bits = ((bits << 6) | VALUES.get(character)) & 0xffff;
      count += 6;
      if (count >= 8) { count -= 8; out.push((bits >> count) & 0xff); }
    }
    return out.flush();
  }

  function btoa(data) {
    const text = String(data);
    if (/[^\0-\xff]/.test(text)) {
      throw invalidCharacter('btoa: the text holds characters above U+00FF; encode it by TextEncoder first');
    }
    let base64 = '';
    for (let at = 0; at < text.length; at += 3) {
      const left = text.length - at;
      const bits =
        (text.charCodeAt(at) << 16) | ((text.charCodeAt(at + 1) || 0) << 8) | (text.charCodeAt(at + 2) || 0);
      base64 += ALPHABET[bits >> 18] + ALPHABET[(bits >> 12) & 63] +
        (left > 1 ? ALPHABET[(bits >> 6) & 63] : '=') + (left > 2 ? ALPHABET[bits & 63] : '=');
    }
    return base64;
  }

  for (const value of [TextDecoder, TextEncoder, atob, btoa]) {
    Object.defineProperty(globalThis, value.name, { value, writable: true, configurable: true });
  }
})()`;
