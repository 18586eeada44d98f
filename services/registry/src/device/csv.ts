import { ImportCsvMalformed } from './device.failures.ts';

/** A record of a CSV file; `line` is that of its first character, from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * The records of RFC 4180 text: commas, quotes doubled inside quotes, lines ended by CRLF, LF or CR, empty lines
 * left out, a byte order mark at the start passed over.
 *
 * @throws {ImportCsvMalformed} for a quote that is never closed, or is followed or preceded by text
 */
export function* csvRecords(text: string): Generator<CsvRecord> {
  const reader = new CsvReader(text);
  while (!reader.isAtEnd) {
    const record = reader.record();
    const isEmptyLine = record.fields.length === 1 && record.fields[0]?.trim() === '';
    if (!isEmptyLine) yield record;
  }
}

class CsvReader {
  #position: number;
  #line = 1;

  constructor(private readonly text: string) {
    this.#position = text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.text.length;
  }

  record(): CsvRecord {
    const line = this.#line;
    const fields: string[] = [];
    for (;;) {
      fields.push(this.text[this.#position] === '"' ? this.#quoted() : this.#plain());
      if (this.text[this.#position] !== ',') break;
      this.#position += 1;
    }
    this.#endOfLine();
    return { line, fields };
  }

  #plain(): string {
    const start = this.#position;
    for (; !this.isAtEnd; this.#position += 1) {
      const character = this.text[this.#position];
      if (character === ',' || character === '\n' || character === '\r') break;
      if (character === '"') throw new ImportCsvMalformed(this.#line, 'has a quote inside an unquoted field');
    }
    return this.text.slice(start, this.#position);
  }

  #quoted(): string {
    const openedAt = this.#line;
    let field = '';
    for (;;) {
      const start = this.#position + 1;
      const end = this.text.indexOf('"', start);
      if (end === -1) throw new ImportCsvMalformed(openedAt, 'opens a quote that is never closed');
      const part = this.text.slice(start, end);
      this.#line += linesIn(part);
      field += part;
      this.#position = end + 1;
      if (this.text[this.#position] !== '"') break;
      field += '"';
    }
    const next = this.text[this.#position];
    if (next !== undefined && next !== ',' && next !== '\n' && next !== '\r') {
      throw new ImportCsvMalformed(this.#line, 'has text after a closing quote');
    }
    return field;
  }

  #endOfLine(): void {
    if (this.isAtEnd) return;
    if (this.text[this.#position] === '\r' && this.text[this.#position + 1] === '\n') this.#position += 1;
    this.#position += 1;
    this.#line += 1;
  }
}

function linesIn(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}
