import { decimals } from '@roost/money';
import { type CsvCell, toCsv } from './domain/csv.js';
import type { CurrencyStatement, Statement } from './statement.dto.js';

const HEADER = [
  'occurred_at',
  'kind',
  'reversal',
  'booking_id',
  'listing',
  'source_id',
  'currency',
  'gross',
  'host_fee',
  'taxes_remitted',
  'amount',
  'balance',
];

/** A statement as CSV: per currency the opening balance, the entries with the balance after each, the closing balance. */
export function statementCsv(statement: Statement): string {
  return toCsv(
    HEADER,
    statement.statements.flatMap((each) => rowsOf(statement, each)),
  );
}

function rowsOf({ from, to }: Statement, statement: CurrencyStatement): CsvCell[][] {
  const { currency } = statement;
  const money = (minor: number | null): CsvCell =>
    minor === null ? null : { number: majorUnits(minor, currency) };
  const balanceRow = (at: string, kind: string, minor: number): CsvCell[] => [
    ...[at, kind, null, null, null, null, currency, null, null, null, null],
    money(minor),
  ];
  let balance = statement.openingMinor;
  const entries = statement.entries.map((entry): CsvCell[] => {
    balance += entry.amountMinor;
    return [
      entry.occurredAt,
      entry.kind,
      entry.reversal ? 'true' : 'false',
      entry.bookingId,
      entry.listingTitle,
      entry.sourceId,
      currency,
      money(entry.grossMinor),
      money(entry.hostFeeMinor),
      money(entry.taxMinor),
      money(entry.amountMinor),
      money(balance),
    ];
  });
  return [
    balanceRow(from, 'opening_balance', statement.openingMinor),
    ...entries,
    balanceRow(to, 'closing_balance', statement.closingMinor),
  ];
}

/** `-12.50`; exact for every safe integer, without grouping. */
export function majorUnits(minor: number, currency: string): string {
  const digits = decimals(currency);
  const padded = String(Math.abs(minor)).padStart(digits + 1, '0');
  const units = padded.slice(0, padded.length - digits);
  return `${minor < 0 ? '-' : ''}${units}${digits === 0 ? '' : `.${padded.slice(-digits)}`}`;
}
