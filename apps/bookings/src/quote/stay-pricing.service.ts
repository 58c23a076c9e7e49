import { Inject, Injectable } from '@nestjs/common';
import { chargeBounds, isPayable } from '@roost/money';
import { CONFIG, invalidField, Problem, type Config } from '@roost/platform';
import { checkChangedStay, checkStay, priceStay, type StayToCheck } from '@roost/pricing';
import { localDate, localInstant } from '@roost/stay';
import type { BookingsConfig } from '../config.js';
import type { BookableListing } from '../listing-snapshot/listing-snapshot.service.js';
import { chargeOf } from '../terms/domain/charge.js';
import { refundSchedule } from '../terms/domain/refund-schedule.js';
import type { RequestedStay } from '../terms/domain/requested-stay.js';
import type { StayTerms } from '../terms/stay-terms.entity.js';

/** The terms of a booking that a change replaces. */
export type ChangedTerms = Pick<
  StayTerms,
  | 'checkInDate'
  | 'checkOutDate'
  | 'checkInAt'
  | 'checkOutAt'
  | 'guests'
  | 'price'
  | 'totalMinor'
  | 'hostPayoutMinor'
>;

/** The terms of a stay before a guest has them in a quote. */
export type QuotedTerms = Omit<StayTerms, 'guestId'>;

/** The terms that are fixed when a stay is quoted, regardless of later changes to the listing. */
type LocalTimes = Pick<StayTerms, 'timeZone' | 'checkInFrom' | 'checkOutUntil'>;

interface StayCheck {
  check: typeof checkStay;
  timeZone: string;
  movesCheckIn: boolean;
  now: Date;
}

/** Validates and prices a stay by the current rules of its listing, for quotes and for changes. */
@Injectable()
export class StayPricing {
  constructor(@Inject(CONFIG) private readonly config: Config<typeof BookingsConfig>) {}

  /** The terms of a new stay. Throws 400 for a past check-in, 422 `quote.stay_rule` and `quote.total_out_of_range`. */
  quoted(listing: BookableListing, request: RequestedStay, now: Date): QuotedTerms {
    const { timeZone } = listing;
    requireAllowed(listing, request, { check: checkStay, timeZone, movesCheckIn: true, now });
    const priced = this.price(listing, listing, request, now);
    // The host has to respond before check-in, so a request at or after check-in is rejected.
    if (listing.bookingMode === 'request' && priced.checkInAt <= now) throw noTimeToRespond(listing);
    requirePayableTotal(listing.currency, priced.totalMinor);
    const terms = {
      calendarListingId: listing.calendarListingId,
      listingId: listing.listingId,
      hostId: listing.hostId,
      bookingMode: listing.bookingMode,
      cancellationPolicy: listing.cancellationPolicy,
      timeZone,
      checkInFrom: listing.checkInFrom,
      checkOutUntil: listing.checkOutUntil,
      preparationNights: listing.stayRules.preparationNights,
      currency: listing.currency,
      createdAt: now,
      ...priced,
    };
    return { ...terms, refundSchedule: refundSchedule(terms, now) };
  }

  /**
   * The same stay with other dates or guests, by the current rules of the listing. Time zone, local times, policy and
   * preparation are those of the booking; only the stay rules that the change affects apply. Throws 422
   * `change.difference_out_of_range`.
   */
  changed(terms: StayTerms, listing: BookableListing, request: RequestedStay, now: Date): ChangedTerms {
    requireAllowed(listing, request, {
      check: (stay: StayToCheck) => checkChangedStay(stay, terms),
      timeZone: terms.timeZone,
      movesCheckIn: request.checkInDate !== terms.checkInDate,
      now,
    });
    const priced = this.price(listing, terms, request, now);
    if (terms.checkInAt > now && priced.checkInAt <= now) throw noTimeToRespond(terms);
    requirePayableDifference(terms.currency, priced.totalMinor - terms.totalMinor);
    return priced;
  }

  private price(
    listing: BookableListing,
    { timeZone, checkInFrom, checkOutUntil }: LocalTimes,
    { checkInDate, checkOutDate, guests }: RequestedStay,
    now: Date,
  ): ChangedTerms {
    const fees = { guestFeeBps: this.config.GUEST_FEE_BPS, hostFeeBps: this.config.HOST_FEE_BPS };
    const stay = { checkInDate, checkOutDate, guests, timeZone, now };
    const priced = priceStay({ ...stay, rules: listing.pricing, fees });
    const { stepMinor } = chargeBounds(listing.currency);
    const charge = chargeOf(priced, stepMinor);
    const chargeStep = stepMinor === 1 ? {} : { chargeStepMinor: stepMinor };
    const price = { ...priced, hostFeeBps: fees.hostFeeBps, ...chargeStep };
    return {
      checkInDate,
      checkOutDate,
      checkInAt: localInstant(checkInDate, checkInFrom, timeZone),
      checkOutAt: localInstant(checkOutDate, checkOutUntil, timeZone),
      guests,
      price,
      totalMinor: charge.totalMinor,
      hostPayoutMinor: charge.shares.hostPayoutMinor,
    };
  }
}

function requireAllowed(
  listing: BookableListing,
  request: RequestedStay,
  { check, timeZone, movesCheckIn, now }: StayCheck,
): void {
  if (movesCheckIn && request.checkInDate < localDate(now, timeZone)) {
    throw invalidField('/checkInDate', 'Must not be in the past in the time zone of the listing');
  }
  const violation = check({
    ...request,
    timeZone,
    now,
    rules: listing.stayRules,
    capacity: listing.capacity,
    maxPets: listing.maxPets,
  });
  if (violation) throw new Problem('quote.stay_rule', undefined, { ...violation });
}

function requirePayableTotal(currency: string, totalMinor: number): void {
  const { minMinor, maxMinor } = chargeBounds(currency);
  if (isPayable(totalMinor, { minMinor, maxMinor })) return;
  throw new Problem('quote.total_out_of_range', undefined, { currency, totalMinor, minMinor, maxMinor });
}

/** A smaller total is refunded, and a refund has no minimum. */
function requirePayableDifference(currency: string, differenceMinor: number): void {
  const { minMinor, maxMinor } = chargeBounds(currency);
  if (differenceMinor < 0 || isPayable(differenceMinor, { minMinor, maxMinor })) return;
  throw new Problem('change.difference_out_of_range', undefined, {
    currency,
    differenceMinor,
    minMinor,
    maxMinor,
  });
}

const noTimeToRespond = ({ checkInFrom }: LocalTimes): Problem =>
  new Problem('quote.stay_rule', undefined, { rule: 'advance_notice', required: checkInFrom });
