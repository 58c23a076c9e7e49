import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@roost/messaging';
import { Idempotency, addLogFields, type AuthUser } from '@roost/http';
import { CONFIG, Clock, Problem, uuidv7, type Config } from '@roost/platform';
import { addMinutes } from '@roost/stay';
import { isActiveAccount } from '../account/account.queries.js';
import { CalendarPublisher } from '../calendar/calendar-publisher.service.js';
import type { BookingsConfig } from '../config.js';
import { MessageService } from '../message/message.service.js';
import { toBookingDto, type Booking as BookingDto, type CreateBooking } from './booking.dto.js';
import { Booking } from './booking.entity.js';
import { bookingFacts } from './booking.events.js';
import { BookingLifecycle } from './booking-lifecycle.service.js';
import { stayOf } from './booking-nights.service.js';
import { hold, isQuoteUsed, lockQuote, lockVisible } from './booking.queries.js';
import { BookingSweeper, NightsTaken } from './booking-sweeper.jobs.js';
import { viewOf } from './booking-view.js';
import { FIRST_STATE } from './domain/booking-state.js';

/** Booking a quote, and the host's answer to a request. */
@Injectable()
export class BookingService {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly outbox: Outbox,
    private readonly publisher: CalendarPublisher,
    private readonly lifecycle: BookingLifecycle,
    private readonly sweeper: BookingSweeper,
    private readonly messages: MessageService,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config<typeof BookingsConfig>,
  ) {}

  /** READ COMMITTED: the hold has to see the claims that it waited for. The booking is new, so no version can be overtaken. */
  async create(guest: AuthUser, wanted: CreateBooking): Promise<BookingDto> {
    return await this.sweeper.endStaleHoldsFirst(() =>
      this.idempotency.answer((em) => this.hold(em, guest, wanted), { isolation: 'read committed' }),
    );
  }

  async accept(host: AuthUser, id: string): Promise<BookingDto> {
    return await this.answerRequest(host, id, async (em, booking, now) => {
      if (!(await isActiveAccount(em, host.id))) throw new Problem('account.suspended');
      const isPaid =
        booking.terms.totalMinor === 0 || booking.authorizedMinor > 0 || booking.capturedMinor > 0;
      if (booking.state === 'awaiting_host' && !isPaid) throw new Problem('booking.accept_too_late');
      await this.lifecycle.accept(em, booking, { by: 'host', id: host.id }, now);
    });
  }

  async decline(host: AuthUser, id: string, reason: string): Promise<BookingDto> {
    return await this.answerRequest(host, id, (em, booking, now) =>
      this.lifecycle.decline(em, booking, { by: 'host', id: host.id, reason }, now),
    );
  }

  private async answerRequest(
    host: AuthUser,
    id: string,
    answer: (em: EntityManager, booking: Booking, now: Date) => Promise<void>,
  ): Promise<BookingDto> {
    return await this.idempotency.answer(async (em) => {
      const booking = await lockVisible(em, id, host.id);
      if (!booking) throw new Problem('booking.not_found');
      if (booking.terms.hostId !== host.id)
        throw new Problem('auth.forbidden', 'Only the host answers a request');
      const now = this.clock.now();
      await this.lifecycle.processOverdue(em, booking, now);
      await answer(em, booking, now);
      return await viewOf(em, booking);
    });
  }

  private async hold(em: EntityManager, guest: AuthUser, wanted: CreateBooking): Promise<BookingDto> {
    const found = await lockQuote(em, wanted.quoteId, guest.id);
    const now = this.clock.now();
    if (!found) throw new Problem('quote.not_found');
    const { quote } = found;
    if (!found.active) throw new Problem('account.suspended');
    if (quote.terms.hostId === guest.id) throw new Problem('listing.is_own');
    if (found.used) throw new Problem('quote.used');
    if (quote.expiresAt <= now) throw new Problem('quote.expired');
    if (!found.bookable) throw new Problem('booking.listing_unavailable');

    const holdExpiresAt = addMinutes(now, this.config.HOLD_TTL_MINUTES);
    const booking = {
      id: uuidv7(),
      version: 1,
      quoteId: quote.id,
      state: FIRST_STATE,
      terms: { ...quote.terms, createdAt: now },
      message: wanted.message ?? null,
      holdExpiresAt,
      respondBy: null,
      confirmedAt: null,
      paymentId: null,
      expiredCause: null,
      cancellation: null,
      goodwillMinor: 0,
    };
    addLogFields({ bookingId: booking.id, listingId: quote.terms.listingId });
    const created = this.outbox.row('booking.created', bookingFacts(booking), { version: 1 });
    const outcome = await hold(em, {
      id: booking.id,
      quote,
      message: booking.message,
      holdExpiresAt,
      now,
      created,
    });
    if (outcome === 'used' || (outcome === 'taken' && (await isQuoteUsed(em, quote.id)))) {
      throw new Problem('quote.used');
    }
    if (outcome === 'taken') throw new NightsTaken('booking.dates_unavailable', stayOf(quote));
    if (wanted.message) await this.messages.open(em, { id: booking.id, ...quote.terms }, wanted.message);
    this.publisher.publishAfterCommit();
    if (quote.terms.totalMinor === 0) return await this.confirmFreeStay(em, booking.id, now);
    const history = [{ at: now.toISOString(), by: 'guest' as const, event: 'created', reason: null }];
    return toBookingDto(booking, history, null);
  }

  /** A stay that costs nothing waits for no payment: payments opens none, so it is confirmed, or requested, at once. */
  private async confirmFreeStay(em: EntityManager, id: string, now: Date): Promise<BookingDto> {
    const booking = await em.findOneOrFail(Booking, { id });
    await this.lifecycle.pay(em, booking, 'payment_captured', now);
    return await viewOf(em, booking);
  }
}
