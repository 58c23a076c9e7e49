import { REFUND_REASON } from '@roost/contracts';
import { sum } from '@roost/money';

export const paperLineKinds = [
  'night',
  'discount',
  'extra_guest',
  'cleaning',
  'service_fee',
  'tax',
  'change',
  'refund',
  'other',
] as const;

/** One amount of a paper. */
export interface PaperLine {
  kind: (typeof paperLineKinds)[number];
  date: string | null;
  label: string;
  amountMinor: number;
}

const line = (kind: PaperLine['kind'], label: string, amountMinor: number): PaperLine => ({
  kind,
  date: null,
  label,
  amountMinor,
});

/** The additional cost of a change is paid as one amount. */
export const changeLines = (differenceMinor: number): PaperLine[] => [
  line('change', 'Change of the stay', differenceMinor),
];

const REASON_LABELS: Record<string, string> = {
  [REFUND_REASON.bookingEnded]: 'Refund: booking ended',
  [REFUND_REASON.bookingChanged]: 'Refund: booking changed',
  [REFUND_REASON.goodwill]: 'Refund by customer support',
};

/** The lines of a credit note. `taxMinor` is the refunded part of the taxes. */
export function creditNoteLines(refund: {
  reason: string;
  amountMinor: number;
  taxMinor: number;
}): PaperLine[] {
  return linesOf(REASON_LABELS[refund.reason] ?? 'Refund', refund);
}

/** The lines of the debit note that cancels a credit note. */
export function debitNoteLines(refund: { amountMinor: number; taxMinor: number }): PaperLine[] {
  return linesOf('Refund returned by the bank', refund);
}

function linesOf(label: string, refund: { amountMinor: number; taxMinor: number }): PaperLine[] {
  return [
    line('refund', label, refund.amountMinor - refund.taxMinor),
    line('tax', 'Taxes', refund.taxMinor),
  ].filter(({ amountMinor }) => amountMinor !== 0);
}

/** The lines of a paper so that they add up to its amount: a payment from before papers has none, a capture may be partial. */
export function completeLines(lines: readonly PaperLine[], amountMinor: number): PaperLine[] {
  const missing = amountMinor - sum(lines.map((each) => each.amountMinor));
  if (missing === 0) return [...lines];
  return [...lines, line('other', lines.length === 0 ? 'Stay' : 'Not charged', missing)];
}
