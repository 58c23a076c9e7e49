import { allocate } from '@roost/money';
import { addDuration, nightCount } from '@roost/stay';

/** Stays of at least this many nights are paid in instalments. */
const LONG_STAY_NIGHTS = 28;
const INSTALMENT_NIGHTS = 30;

/** The terms of a booking that decide when its host is paid. */
export interface PayoutTerms {
  checkInDate: string;
  checkOutDate: string;
  timeZone: string;
  /** 24 hours after check-in. */
  firstDueAt: Date;
  cancelled: boolean;
}

export interface Instalment {
  /** Counted from 1. */
  number: number;
  dueAt: Date;
  amountMinor: number;
}

/** The dates of all instalments of a stay with the nights that each one pays for. A short stay has one. */
export function instalmentDates(terms: PayoutTerms): { dueAt: Date; nights: number }[] {
  const { checkInDate, checkOutDate, timeZone, firstDueAt } = terms;
  const nights = Math.max(1, nightCount(checkInDate, checkOutDate));
  const count = nights < LONG_STAY_NIGHTS ? 1 : Math.ceil(nights / INSTALMENT_NIGHTS);
  return Array.from({ length: count }, (_, index) => ({
    dueAt: addDuration(firstDueAt, `P${index * INSTALMENT_NIGHTS}D`, timeZone),
    nights: count === 1 ? nights : Math.min(INSTALMENT_NIGHTS, nights - index * INSTALMENT_NIGHTS),
  }));
}

/**
 * The instalments in which the unpaid amount of a booking is paid: divided by nights over the instalments after the first
 * `paidInstalments`, so that they sum to it exactly. A change of the booking therefore divides again what is not paid yet.
 * After a cancellation, the next instalment pays the rest. An amount that appears after the last instalment is due at once.
 */
export function payoutSchedule(
  terms: PayoutTerms,
  paidInstalments: number,
  unpaidMinor: number,
): Instalment[] {
  if (unpaidMinor <= 0) return [];
  const dates = instalmentDates(terms);
  const from = Math.min(paidInstalments, dates.length - 1);
  const open = dates.slice(from, terms.cancelled ? from + 1 : undefined);
  const amounts = allocate(
    unpaidMinor,
    open.map(({ nights }) => nights),
  );
  return open
    .map(({ dueAt }, index) => ({ number: from + index + 1, dueAt, amountMinor: amounts[index] ?? 0 }))
    .filter(({ amountMinor }) => amountMinor > 0);
}
