/** A number is written as it is. A text could be a formula for a spreadsheet, so it is neutralized. */
export type CsvCell = string | { number: string } | null;

const NEEDS_QUOTES = /[",\r\n]/;
/** Spreadsheets run cells that begin with these, also after spaces (OWASP, "CSV Injection"). */
const FORMULA = /^\s*[=+\-@＝＋－＠\t\r\n]/;

function cell(value: CsvCell): string {
  if (value === null) return '';
  if (typeof value === 'object') return value.number;
  const text = FORMULA.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** CSV by RFC 4180 with a header row. */
export function toCsv(header: readonly string[], rows: readonly (readonly CsvCell[])[]): string {
  return [header, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
