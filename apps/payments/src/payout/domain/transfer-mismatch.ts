import { amountMismatch, type Mismatch } from '../../payment/domain/provider-mismatch.js';

interface ExpectedTransfer {
  amountMinor: number;
  currency: string;
  destination: string;
}

interface ReportedTransfer extends ExpectedTransfer {
  status: 'pending' | 'paid' | 'failed';
  /** The part that came back, while the rest stays with the host. */
  reversedMinor: number;
}

/** The amount that stays with the host. */
export const keptMinor = ({ amountMinor, reversedMinor }: ReportedTransfer): number =>
  amountMinor - reversedMinor;

/**
 * The first contradiction between a provider's transfer and its payout; null if there is none. A destination that the
 * provider does not report is not compared. Of a failed transfer nothing stays with anybody, so that it does not matter
 * where it went: an operator reverses a transfer that contradicts its payout.
 */
export function transferMismatch(payout: ExpectedTransfer, transfer: ReportedTransfer): Mismatch | null {
  const { status, currency, destination } = transfer;
  if (status === 'failed') return currency === payout.currency ? null : 'currency_differs';
  const mismatch = amountMismatch(payout, { amountMinor: keptMinor(transfer), currency });
  if (mismatch) return mismatch;
  return destination === '' || destination === payout.destination ? null : 'destination_differs';
}
