import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, invalidField, Problem, type Config } from '@roost/platform';
import { checkChangedStay, checkStay, type Guests, priceStay, type StayToCheck } from '@roost/pricing';
import { localDate, localInstant, type IsoDate } from '@roost/stay';
import { refundSchedule } from '../terms/domain/refund-schedule.js';
import type { BookingsConfig } from '../config.js';
import type { BookableListing } from '../listing-snapshot/listing-snapshot.service.js';
import type { StayTerms } from '../terms/stay-terms.entity.js';

interface WantedStay {
  checkInDate: IsoDate;
  checkOutDate: IsoDate;
  guests: Guests;
}

/** What a change puts in the place of what the booking has. */
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

/** What of a stay is agreed once, and stays whatever the listing says later. */
type Frame = Pick<StayTerms, 'timeZone' | 'checkInFrom' | 'checkOutUntil'>;

/** Checks and prices a stay by the rules that its listing has now: those of quotes and of changes are the same. */
@Injectable()
export class StayPricing {
  constructor(@Inject(CONFIG) private readonly config: Config<typeof BookingsConfig>) {}

  /** The terms of a new stay; 400 for a check-in that is past, 422 `quote.stay_rule`. */
  quoted(guestId: string, listing: BookableListing, wanted: WantedStay, now: Date): StayTerms {
    this.refuse(checkStay, listing, listing, wanted, now);
    const changed = this.price(listing, listing, wanted, now);
    // A request has to be answered before check-in: after it there is no time left to answer.
    if (listing.bookingMode === 'request' && changed.checkInAt <= now) throw tooLateToAnswer(listing);
    const terms = {
      calendarListingId: listing.calendarListingId,
      listingId: listing.listingId,
      hostId: listing.hostId,
      guestId,
      bookingMode: listing.bookingMode,
      cancellationPolicy: listing.cancellationPolicy,
      timeZone: listing.timeZone,
      checkInFrom: listing.checkInFrom,
      checkOutUntil: listing.checkOutUntil,
      preparationNights: listing.stayRules.preparationNights,
      currency: listing.currency,
      createdAt: now,
      ...changed,
    };
    return { ...terms, refundSchedule: refundSchedule(terms, now) };
  }

  /**
   * The same stay under other dates or guests, at today's rules. Time zone, times of the day, policy and preparation are
   * those of the booking; of the stay rules those count that the change touches.
   */
  changed(terms: StayTerms, listing: BookableListing, wanted: WantedStay, now: Date): ChangedTerms {
    const check = (stay: StayToCheck) => checkChangedStay(stay, terms);
    this.refuse(check, listing, terms, wanted, now, wanted.checkInDate !== terms.checkInDate);
    const changed = this.price(listing, terms, wanted, now);
    if (terms.checkInAt > now && changed.checkInAt <= now) throw tooLateToAnswer(terms);
    return changed;
  }

  private refuse(
    check: typeof checkStay,
    listing: BookableListing,
    { timeZone }: Frame,
    wanted: WantedStay,
    now: Date,
    movesCheckIn = true,
  ): void {
    if (movesCheckIn && wanted.checkInDate < localDate(now, timeZone)) {
      throw invalidField('/checkInDate', 'Must not be in the past where the listing is');
    }
    const refusal = check({
      ...wanted,
      timeZone,
      now,
      rules: listing.stayRules,
      capacity: listing.capacity,
      maxPets: listing.maxPets,
    });
    if (refusal) throw new Problem('quote.stay_rule', undefined, { ...refusal });
  }

  private price(listing: BookableListing, frame: Frame, wanted: WantedStay, now: Date): ChangedTerms {
    const { checkInDate, checkOutDate, guests } = wanted;
    const { timeZone } = frame;
    const fees = { guestFeeBps: this.config.GUEST_FEE_BPS, hostFeeBps: this.config.HOST_FEE_BPS };
    const stay = { checkInDate, checkOutDate, guests, timeZone, now };
    const price = { ...priceStay({ ...stay, rules: listing.pricing, fees }), hostFeeBps: fees.hostFeeBps };
    return {
      checkInDate,
      checkOutDate,
      checkInAt: localInstant(checkInDate, frame.checkInFrom, timeZone),
      checkOutAt: localInstant(checkOutDate, frame.checkOutUntil, timeZone),
      guests,
      price,
      totalMinor: price.totalMinor,
      hostPayoutMinor: price.hostPayoutMinor,
    };
  }
}

const tooLateToAnswer = ({ checkInFrom }: Frame): Problem =>
  new Problem('quote.stay_rule', undefined, { rule: 'advance_notice', required: checkInFrom });
