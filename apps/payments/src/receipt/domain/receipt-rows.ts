import { sum } from '@roost/money';
import { addDays } from '@roost/stay';
import type { PaperLine } from '../../paper/domain/paper-lines.js';

/** A printed row of a receipt. */
export type ReceiptRow =
  | {
      kind: 'nights';
      count: number;
      /** The half-open range of dates; null if the nights are not consecutive. */
      range: { from: string; to: string } | null;
      /** The amount of each night; null if they differ. */
      eachMinor: number | null;
      amountMinor: number;
    }
  | { kind: 'amount'; label: string; amountMinor: number };

type NightsRow = Extract<ReceiptRow, { kind: 'nights' }>;

/** So many rows fit on one page, together with the other lines. */
export const MAX_NIGHT_ROWS = 10;
export const MAX_TAX_ROWS = 8;

const rowOf = ({ label, amountMinor }: PaperLine): ReceiptRow => ({ kind: 'amount', label, amountMinor });

/** The lines of a receipt as rows that fit on one page. Their sum is the same. */
export function receiptRows(lines: readonly PaperLine[]): ReceiptRow[] {
  const dated = lines.filter((line) => line.kind === 'night' && line.date !== null);
  const taxes = lines.filter((line) => line.kind === 'tax');
  const others = lines.filter((line) => !dated.includes(line) && !taxes.includes(line));
  return [...nightRows(dated), ...others.map(rowOf), ...taxRows(taxes)];
}

/** Consecutive nights of one amount are one row. If those are too many, one row per amount; or one row in all. */
function nightRows(nights: readonly PaperLine[]): ReceiptRow[] {
  const ranges: NightsRow[] = [];
  for (const { date, amountMinor } of nights) {
    if (date === null) continue;
    const last = ranges.at(-1);
    if (last?.range?.to === date && last.eachMinor === amountMinor) {
      last.count += 1;
      last.range.to = addDays(date, 1);
      last.amountMinor += amountMinor;
    } else {
      ranges.push({
        kind: 'nights',
        count: 1,
        range: { from: date, to: addDays(date, 1) },
        eachMinor: amountMinor,
        amountMinor,
      });
    }
  }
  if (ranges.length <= MAX_NIGHT_ROWS) return ranges;
  const byAmount = [...Map.groupBy(nights, ({ amountMinor }) => amountMinor)].map(
    ([eachMinor, same]): NightsRow => ({
      kind: 'nights',
      count: same.length,
      range: null,
      eachMinor,
      amountMinor: eachMinor * same.length,
    }),
  );
  if (byAmount.length <= MAX_NIGHT_ROWS) return byAmount;
  const amountMinor = sum(nights.map((night) => night.amountMinor));
  return [{ kind: 'nights', count: nights.length, range: null, eachMinor: null, amountMinor }];
}

function taxRows(taxes: readonly PaperLine[]): ReceiptRow[] {
  if (taxes.length <= MAX_TAX_ROWS) return taxes.map(rowOf);
  return [{ kind: 'amount', label: 'Taxes', amountMinor: sum(taxes.map((tax) => tax.amountMinor)) }];
}
