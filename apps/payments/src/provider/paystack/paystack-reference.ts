const UUID = '[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}';
const PAYMENT = new RegExp(`^roost-(${UUID})-\\d{1,3}$`);
const PAYOUT = new RegExp(`^payout-(${UUID})$`);
const REFUND = new RegExp(`^refund (${UUID})$`);

/**
 * The reference of a transaction. Paystack accepts a reference once, and returns the URL of its page only then. If that
 * response is lost, the payment gets another transaction, with the next attempt.
 */
export const paymentReference = (paymentId: string, attempt: number) => `roost-${paymentId}-${attempt}`;
export const paymentIdOf = (reference: string): string | null => PAYMENT.exec(reference)?.[1] ?? null;

/** The reference of a transfer: lower-case letters, digits, dashes and underscores, 16 to 50 characters. */
export const payoutReference = (payoutId: string) => `payout-${payoutId}`;
export const payoutIdOf = (reference: string): string | null => PAYOUT.exec(reference)?.[1] ?? null;

/** The merchant's note on a refund, which has no reference. */
export const refundNote = (refundId: string) => `refund ${refundId}`;
export const refundIdOf = (note: string | null | undefined): string | null =>
  REFUND.exec(note ?? '')?.[1] ?? null;
