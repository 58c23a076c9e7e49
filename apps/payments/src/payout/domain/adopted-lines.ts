import { type HostBooking, type PayoutPlan, type PlannedLine, scheduleOf } from './payout-plan.js';

/**
 * The lines of a transfer whose payout was lost in a restore. If the host is owed exactly this amount, they are those of the
 * lost payout; otherwise the bookings that were due first are paid with it. Null: the books owe the host less.
 */
export function adoptedLines(
  bookings: readonly HostBooking[],
  plan: PayoutPlan,
  amountMinor: number,
): PlannedLine[] | null {
  if (plan.pays && plan.amountMinor === amountMinor) return plan.lines;
  let openMinor = amountMinor;
  const lines: PlannedLine[] = [];
  for (const booking of byFirstDueDate(bookings)) {
    const paidMinor = Math.min(openMinor, booking.balanceMinor);
    if (paidMinor === 0) break;
    openMinor -= paidMinor;
    lines.push({
      bookingId: booking.bookingId,
      amountMinor: paidMinor,
      instalment: instalmentOf(booking, paidMinor),
    });
  }
  return openMinor === 0 ? lines : null;
}

const byFirstDueDate = (bookings: readonly HostBooking[]): HostBooking[] =>
  bookings
    .filter(({ terms, balanceMinor }) => terms !== null && balanceMinor > 0)
    .toSorted((a, b) => dueTime(a) - dueTime(b) || (a.bookingId < b.bookingId ? -1 : 1));

const dueTime = ({ terms }: HostBooking): number => terms?.firstDueAt.getTime() ?? 0;

/** The last instalment that the amount pays, at least in part. */
function instalmentOf(booking: HostBooking, paidMinor: number): number {
  let openMinor = paidMinor;
  let last = booking.paidInstalments;
  for (const { number, amountMinor } of scheduleOf(booking)) {
    if (openMinor <= 0) break;
    openMinor -= amountMinor;
    last = number;
  }
  return last;
}
