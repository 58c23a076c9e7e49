/** How lost disputes reduce the refunds that are due to the guest. Pure: data in, data out. */

interface Losses {
  /** The amount that the guest's bank has returned. */
  disputeLostMinor: number;
  /** The part of it that earlier refunds were reduced by. */
  disputeOffsetMinor: number;
}

/** The returned amount that no refund was reduced by. */
export const unusedLoss = ({ disputeLostMinor, disputeOffsetMinor }: Losses): number =>
  disputeLostMinor - disputeOffsetMinor;

/**
 * Reduces a refund of `dueMinor` by the amounts that the bank has returned already. Returns the reduced refund and the
 * part that each payment contributes, in their order.
 */
export function offsetLosses(
  payments: readonly Losses[],
  dueMinor: number,
): { dueMinor: number; offsets: number[] } {
  let open = dueMinor;
  const offsets = payments.map((payment) => {
    const offset = Math.min(open, unusedLoss(payment));
    open -= offset;
    return offset;
  });
  return { dueMinor: open, offsets };
}

/**
 * Failure codes of the sandbox, Stripe and Paystack for a refund that exceeds what is left of the payment there, as after a
 * lost dispute that is not recorded here yet.
 */
const TOO_LARGE = [
  'refund_too_large',
  'amount_too_large',
  'charge_already_refunded',
  'already_refunded',
  'amount_rejected',
];

export const isTooLarge = (failureCode: string | null): boolean => TOO_LARGE.includes(failureCode ?? '');

const RETRY = '/retry';

/** The cause of the repetition of a failed refund. A refund is repeated once; its repetition can be repeated. */
export const causeOfRetry = (cause: string): string => `${cause}${RETRY}`;

const repetitionsOf = (cause: string): number => cause.split(RETRY).length - 1;

export const isRepetition = (cause: string): boolean => repetitionsOf(cause) > 0;

/** The pauses grow by four, so that the last repetition comes two days after the first refusal. */
const MAX_REPETITIONS = 8;
const FIRST_PAUSE_SECONDS = 8;
const GROWTH = 4;

/** A refund that the provider refuses because of a dispute that is not recorded here is not repeated for ever. */
export const mayBeRepeated = (cause: string): boolean => repetitionsOf(cause) < MAX_REPETITIONS;

/** The pause before a waiting refund is requested although no decision of a bank was recorded. */
export const pauseSeconds = (cause: string): number =>
  FIRST_PAUSE_SECONDS * GROWTH ** Math.max(0, Math.min(repetitionsOf(cause), MAX_REPETITIONS) - 1);
