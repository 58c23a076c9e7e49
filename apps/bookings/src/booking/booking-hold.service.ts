import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { addLogFields, type AuthUser } from '@roost/http';
import { Outbox } from '@roost/messaging';
import { CONFIG, Clock, Problem, uuidv7, type Config } from '@roost/platform';
import { addMinutes } from '@roost/stay';
import { CalendarPublisher } from '../calendar/calendar-publisher.service.js';
import { NightsTaken } from '../calendar/stale-holds.port.js';
import type { BookingsConfig } from '../config.js';
import { MessageService } from '../message/message.service.js';
import { insertHold, isQuoteUsed, lockQuote } from './booking-hold.queries.js';
import { nightsOf } from './booking-nights.service.js';
import type { BookingSummary, CreateBooking } from './booking.dto.js';
import { bookingFacts } from './booking.events.js';
import { FIRST_STATE } from './domain/booking-state.js';

type QuotedBooking = NonNullable<Awaited<ReturnType<typeof lockQuote>>>;

/** Turns a quote into a booking that holds its nights until it is paid. */
@Injectable()
export class BookingHoldService {
  constructor(
    private readonly outbox: Outbox,
    private readonly publisher: CalendarPublisher,
    private readonly messages: MessageService,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config<typeof BookingsConfig>,
  ) {}

  /** Throws `NightsTaken` if another owner has some of the nights. The caller's transaction is READ COMMITTED. */
  async hold(
    em: EntityManager,
    guest: AuthUser,
    { quoteId, message }: CreateBooking,
  ): Promise<BookingSummary> {
    const { quote, countryCode } = await this.usableQuote(em, guest, quoteId);
    const { terms } = quote;
    const now = this.clock.now();
    const holdExpiresAt = addMinutes(now, this.config.HOLD_TTL_MINUTES);
    const booking = {
      id: uuidv7(),
      version: 1,
      quoteId: quote.id,
      state: FIRST_STATE,
      terms: { ...terms, createdAt: now },
      message: message ?? null,
      messageModerated: false,
      holdExpiresAt,
      respondBy: null,
      confirmedAt: null,
      paymentId: null,
      expiredCause: null,
      cancellation: null,
      goodwillMinor: 0,
    };
    addLogFields({ bookingId: booking.id, listingId: terms.listingId });
    const event = this.outbox.row(
      'booking.created',
      { ...bookingFacts(booking), countryCode },
      { version: 1 },
    );
    const outcome = await insertHold(em, { ...booking, quote, now, event });
    if (outcome === 'used' || (outcome === 'taken' && (await isQuoteUsed(em, quote.id)))) {
      throw new Problem('quote.used');
    }
    if (outcome === 'taken') throw new NightsTaken('booking.dates_unavailable', nightsOf(quote));
    if (message) await this.messages.open(em, { id: booking.id, ...terms }, message);
    this.publisher.publishAfterCommit();
    return booking;
  }

  private async usableQuote(em: EntityManager, guest: AuthUser, quoteId: string): Promise<QuotedBooking> {
    const found = await lockQuote(em, quoteId, guest.id);
    if (!found) throw new Problem('quote.not_found');
    const { quote } = found;
    if (!found.active) throw new Problem('account.suspended');
    if (quote.terms.hostId === guest.id) throw new Problem('listing.is_own');
    if (found.used) throw new Problem('quote.used');
    if (quote.expiresAt <= this.clock.now()) throw new Problem('quote.expired');
    if (!found.bookable) throw new Problem('booking.listing_unavailable');
    return found;
  }
}
