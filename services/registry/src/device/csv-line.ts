const NEEDS_QUOTES = /[",\r\n]/;
/** A spreadsheet takes such text for a formula; credentials that begin so and hold nothing else cannot be one. */
const LOOKS_LIKE_FORMULA = /^[=+\-@\t\r](?![A-Za-z0-9\-_@.:]*$)/;

/** A record of CSV with its line end (RFC 4180). Text that a spreadsheet would run begins with an apostrophe. */
export function csvLine(fields: readonly string[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

function csvField(text: string): string {
  const shown = LOOKS_LIKE_FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
}
