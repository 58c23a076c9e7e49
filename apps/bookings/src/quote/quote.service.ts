import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import {
  CONFIG,
  Clock,
  Idempotency,
  invalidField,
  Problem,
  uuidv7,
  type AuthUser,
  type Config,
} from '@roost/platform';
import { checkStay, priceStay } from '@roost/pricing';
import { addMinutes, localDate, localInstant } from '@roost/stay';
import { isActiveAccount } from '../account/account.queries.js';
import { isFree } from '../calendar/calendar.queries.js';
import type { BookingsConfig } from '../config.js';
import { ListingSnapshots, type BookableListing } from '../listing-snapshot/listing-snapshot.service.js';
import { refundSchedule } from '../booking/domain/refund-schedule.js';
import type { StayTerms } from '../stay-terms.entity.js';
import { toQuoteDto, type CreateQuote, type Quote as QuoteDto } from './quote.dto.js';
import { Quote } from './quote.entity.js';

@Injectable()
export class QuoteService {
  constructor(
    private readonly em: EntityManager,
    private readonly idempotency: Idempotency,
    private readonly listings: ListingSnapshots,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config<typeof BookingsConfig>,
  ) {}

  async create(guest: AuthUser, wanted: CreateQuote): Promise<QuoteDto> {
    const listing = await this.listings.awaitBookable(wanted.listingId);
    const terms = this.priced(guest, listing, wanted);
    return await this.idempotency.answer(async (em) => {
      if (!(await isActiveAccount(em, guest.id))) throw new Problem('account.suspended');
      const now = this.clock.now();
      if (!(await isFree(em, terms, now))) throw new Problem('booking.dates_unavailable');
      const quote = em.create(Quote, {
        id: uuidv7(),
        expiresAt: addMinutes(now, this.config.QUOTE_TTL_MINUTES),
        terms,
      });
      await em.persist(quote).flush();
      return toQuoteDto(quote);
    });
  }

  async read(viewer: AuthUser, id: string): Promise<QuoteDto> {
    const quote = await this.em.fork().findOne(Quote, { id, terms: { guestId: viewer.id } });
    if (!quote) throw new Problem('quote.not_found');
    return toQuoteDto(quote);
  }

  private priced(guest: AuthUser, listing: BookableListing, wanted: CreateQuote): StayTerms {
    const now = this.clock.now();
    const { checkInDate, checkOutDate, guests } = wanted;
    const { timeZone } = listing;
    if (checkInDate < localDate(now, timeZone)) {
      throw invalidField('/checkInDate', 'Must not be in the past where the listing is');
    }
    const stay = { checkInDate, checkOutDate, guests, timeZone, now };
    const refusal = checkStay({
      ...stay,
      rules: listing.stayRules,
      capacity: listing.capacity,
      maxPets: listing.maxPets,
    });
    if (refusal) throw new Problem('quote.stay_rule', undefined, { ...refusal });
    const checkInAt = localInstant(checkInDate, listing.checkInFrom, timeZone);
    // A request has to be answered before check-in: after it there is no time left to answer.
    if (listing.bookingMode === 'request' && checkInAt <= now) {
      throw new Problem('quote.stay_rule', undefined, {
        rule: 'advance_notice',
        required: listing.checkInFrom,
      });
    }
    const fees = { guestFeeBps: this.config.GUEST_FEE_BPS, hostFeeBps: this.config.HOST_FEE_BPS };
    const price = { ...priceStay({ ...stay, rules: listing.pricing, fees }), hostFeeBps: fees.hostFeeBps };
    const terms = {
      calendarListingId: listing.calendarListingId,
      listingId: listing.listingId,
      hostId: listing.hostId,
      guestId: guest.id,
      bookingMode: listing.bookingMode,
      cancellationPolicy: listing.cancellationPolicy,
      timeZone,
      checkInFrom: listing.checkInFrom,
      checkOutUntil: listing.checkOutUntil,
      checkInDate,
      checkOutDate,
      checkInAt,
      checkOutAt: localInstant(checkOutDate, listing.checkOutUntil, timeZone),
      preparationNights: listing.stayRules.preparationNights,
      guests,
      currency: listing.currency,
      price,
      totalMinor: price.totalMinor,
      hostPayoutMinor: price.hostPayoutMinor,
      createdAt: now,
    };
    return { ...terms, refundSchedule: refundSchedule(terms, now) };
  }
}
