import { type ChargeBounds, sum } from '@roost/money';
import { type Instalment, instalmentDates, payoutSchedule, type PayoutTerms } from './payout-schedule.js';

/** Limits the rows and the event of one payout. The next run pays the rest. */
const MAX_LINES = 500;
const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
/** A refund that fails or a dispute that is won can restore an amount long after the stay. */
const WATCHED_DAYS = 180;
/** The pause after each failure in a row; the last one repeats. */
const RETRY_HOURS = [1, 6, 24];

/** `refund_open`: a refund is due to the guest that waits or that its provider has rejected. */
export type FrozenReason = 'dispute_open' | 'refund_open';

/** The money of a booking that belongs to its host. */
export interface HostBooking {
  bookingId: string;
  /** What the ledger owes to the host for this booking; negative after a penalty, or a refund of paid money. */
  balanceMinor: number;
  /** Null: the booking was never confirmed, so nothing of it is due. */
  terms: PayoutTerms | null;
  /** The number of instalments that were paid. */
  paidInstalments: number;
  /** Why nothing of the booking is paid or deducted now. */
  frozen: FrozenReason | null;
}

export interface PlannedLine {
  bookingId: string;
  /** Negative: a deduction. */
  amountMinor: number;
  /** The last instalment that it pays; 0 for a deduction. */
  instalment: number;
}

export type NotPaid = 'nothing_due' | 'negative_balance' | 'below_minimum';

export type PayoutPlan =
  { pays: true; amountMinor: number; dueAt: Date; lines: PlannedLine[] } | { pays: false; reason: NotPaid };

interface DueLine extends PlannedLine {
  dueAt: Date;
}

export const scheduleOf = ({ terms, paidInstalments, balanceMinor }: HostBooking): Instalment[] =>
  terms ? payoutSchedule(terms, paidInstalments, balanceMinor) : [];

/**
 * The payout of one host in one currency: what is due, minus the negative balances of all bookings, at most `balanceMinor`
 * (the host's whole balance) and the provider's maximum, in the provider's steps. Nothing is paid below the minimum; the
 * amounts stay in the ledger for the next run.
 */
export function planPayout(
  bookings: readonly HostBooking[],
  limits: { now: Date; balanceMinor: number; bounds: ChargeBounds },
): PayoutPlan {
  const { now, balanceMinor, bounds } = limits;
  const active = bookings.filter(({ frozen }) => !frozen);
  const due = active.flatMap((booking) => dueLine(booking, now)).toSorted(byDueDate);
  const first = due[0];
  if (!first) return { pays: false, reason: 'nothing_due' };
  const deductions = active
    .filter((booking) => booking.balanceMinor < 0)
    .toSorted((a, b) => a.balanceMinor - b.balanceMinor)
    .map((booking) => ({ ...booking, amountMinor: booking.balanceMinor, instalment: 0 }));
  const paid = due.slice(0, Math.max(1, MAX_LINES - deductions.length));
  const deducted = deductions.slice(0, MAX_LINES - paid.length);
  const totalMinor = sum([...paid, ...deducted].map(({ amountMinor }) => amountMinor));
  const mostMinor = Math.min(totalMinor, balanceMinor);
  if (mostMinor <= 0) return { pays: false, reason: 'negative_balance' };
  const cappedMinor = Math.min(mostMinor, bounds.maxMinor);
  const amountMinor = cappedMinor - (cappedMinor % bounds.stepMinor);
  if (amountMinor < bounds.minMinor) return { pays: false, reason: 'below_minimum' };
  const lines = [...reduce(paid, totalMinor - amountMinor), ...deducted].map(toLine);
  return { pays: true, amountMinor, dueAt: first.dueAt, lines };
}

/** When a booking is looked at again; null after its last possible change. `open`: a part that is due was not paid. */
export function nextCheckAt(booking: HostBooking, open: boolean, now: Date): Date | null {
  if (!booking.terms) return null;
  if (open) return new Date(now.getTime() + HOUR_MS);
  const dates = instalmentDates(booking.terms).map(({ dueAt }) => dueAt);
  const next = dates.find((dueAt) => dueAt > now);
  if (next) return next;
  const last = dates.at(-1) ?? now;
  const tomorrow = new Date(now.getTime() + DAY_MS);
  return tomorrow.getTime() <= last.getTime() + WATCHED_DAYS * DAY_MS ? tomorrow : null;
}

/** When the payout after the given number of failures in a row is made. */
export function retryAt(attempt: number, now: Date): Date {
  const hours = RETRY_HOURS[Math.min(attempt, RETRY_HOURS.length) - 1] ?? 24;
  return new Date(now.getTime() + hours * HOUR_MS);
}

function dueLine(booking: HostBooking, now: Date): DueLine[] {
  const due = scheduleOf(booking).filter(({ dueAt }) => dueAt <= now);
  const [first] = due;
  if (!first) return [];
  return [
    {
      bookingId: booking.bookingId,
      amountMinor: sum(due.map(({ amountMinor }) => amountMinor)),
      instalment: due.at(-1)?.number ?? first.number,
      dueAt: first.dueAt,
    },
  ];
}

const byDueDate = (a: DueLine, b: DueLine) =>
  a.dueAt.getTime() - b.dueAt.getTime() || (a.bookingId < b.bookingId ? -1 : 1);

/** Takes `excessMinor` from the lines that were due last. */
function reduce(lines: readonly DueLine[], excessMinor: number): DueLine[] {
  let open = excessMinor;
  const reduced = lines.toReversed().map((line) => {
    const taken = Math.min(open, line.amountMinor);
    open -= taken;
    return { ...line, amountMinor: line.amountMinor - taken };
  });
  return reduced.toReversed().filter(({ amountMinor }) => amountMinor > 0);
}

const toLine = ({ bookingId, amountMinor, instalment }: PlannedLine): PlannedLine => ({
  bookingId,
  amountMinor,
  instalment,
});
