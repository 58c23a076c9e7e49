import type { EntityManager } from '@mikro-orm/postgresql';
import { Controller, Inject } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { CONFIG } from '@roost/platform';
import type { IdentityConfig } from '../config.js';
import {
  type BookingState,
  type Facts,
  hostKnows,
  type Side,
  type Template,
  wasConfirmed,
} from './domain/notification.js';
import { checkInReminderAt, reviewReminderAt, reviewWindowEnd } from './domain/schedule.js';
import { Notifications } from './notification.service.js';
import { type BookingFacts, findStay, rememberStay } from './stay.queries.js';

/** Who is to hear of what by mail. */
@Controller()
export class NotificationConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly notifications: Notifications,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  @OnEvent('booking.created', 'booking.accepted', 'booking.checked-in')
  async moved(body: BookingFacts, meta: EventMeta): Promise<void> {
    await this.follow(body, meta, async () => undefined);
  }

  @OnEvent('booking.requested')
  async requested(body: EventBody<'booking.requested'>, meta: EventMeta): Promise<void> {
    const { respondBy } = body;
    await this.follow(body, meta, (em) =>
      this.tell(em, 'booking-requested', body, meta, ['host'], { respondBy }),
    );
  }

  @OnEvent('booking.confirmed')
  async confirmed(body: EventBody<'booking.confirmed'>, meta: EventMeta): Promise<void> {
    await this.follow(body, meta, async (em) => {
      await this.tell(em, 'booking-confirmed', body, meta, ['guest', 'host'], {});
      await this.remindOfCheckIn(em, body, meta);
    });
  }

  @OnEvent('booking.declined')
  async declined(body: EventBody<'booking.declined'>, meta: EventMeta): Promise<void> {
    await this.follow(body, meta, (em) => this.tell(em, 'booking-declined', body, meta, ['guest'], {}));
  }

  /** One that had expired by its hold expires once more: bookings' answer to a payment that came too late. */
  @OnEvent('booking.expired')
  async expired(body: EventBody<'booking.expired'>, meta: EventMeta): Promise<void> {
    const { cause } = body;
    await this.follow(body, meta, async (em, before) => {
      const sides: Side[] = cause === 'hold' ? ['guest'] : ['guest', 'host'];
      const late = cause === 'hold' && before === 'expired';
      await this.tell(em, 'booking-expired', body, meta, sides, { cause, late });
    });
  }

  @OnEvent('booking.cancelled')
  async cancelled(body: EventBody<'booking.cancelled'>, meta: EventMeta): Promise<void> {
    const { by, refundMinor, hostPenaltyMinor } = body;
    await this.follow(body, meta, async (em, before) => {
      const facts = { by, refundMinor, hostPenaltyMinor, wasConfirmed: wasConfirmed(before) };
      const sides: Side[] = hostKnows(before) ? ['guest', 'host'] : ['guest'];
      await this.tell(em, 'booking-cancelled', body, meta, sides, facts);
      await this.notifications.withdraw(em, body.bookingId, 'check-in-reminder');
    });
  }

  @OnEvent('booking.change-proposed')
  async changeProposed(body: EventBody<'booking.change-proposed'>, meta: EventMeta): Promise<void> {
    const { by, terms, differenceMinor, expiresAt } = body;
    const side: Side = by === 'guest' ? 'host' : 'guest';
    const facts = { ...terms, differenceMinor, closesAt: expiresAt ?? body.checkInAt };
    await this.follow(body, meta, (em) =>
      this.tell(em, 'booking-change-proposed', body, meta, [side], facts),
    );
  }

  /** With nothing to pay it is applied at once, which is told. */
  @OnEvent('booking.change-accepted')
  async changeAccepted(body: EventBody<'booking.change-accepted'>, meta: EventMeta): Promise<void> {
    const { differenceMinor, expiresAt } = body;
    await this.follow(body, meta, async (em) => {
      if (differenceMinor <= 0) return;
      const facts = { differenceMinor, closesAt: expiresAt ?? body.checkInAt };
      await this.tell(em, 'booking-change-to-pay', body, meta, ['guest'], facts);
    });
  }

  @OnEvent('booking.change-applied')
  async changed(body: EventBody<'booking.change-applied'>, meta: EventMeta): Promise<void> {
    const { differenceMinor } = body;
    await this.follow(body, meta, async (em) => {
      const news = await this.tell(em, 'booking-changed', body, meta, ['guest', 'host'], { differenceMinor });
      // Told again, it must not take away the reminder that it has planned itself, or that a later change has.
      if (!news) return;
      await this.notifications.withdraw(em, body.bookingId, 'check-in-reminder');
      if (body.state === 'confirmed') await this.remindOfCheckIn(em, body, meta);
    });
  }

  /** The reminder goes out whether or not somebody has written: whoever gets none would learn something. */
  @OnEvent('booking.completed')
  async completed(body: EventBody<'booking.completed'>, meta: EventMeta): Promise<void> {
    await this.follow(body, meta, async (em) => {
      const stay = { ...body, checkOutAt: new Date(body.checkOutAt) };
      const closesAt = reviewWindowEnd(stay, this.config.REVIEW_WINDOW_DAYS).toISOString();
      for (const side of ['guest', 'host'] as const)
        await this.notifications.remind(
          em,
          'review-reminder',
          newsTo(side, body, meta, { closesAt }),
          reviewReminderAt(stay),
        );
    });
  }

  @OnEvent('payment.failed')
  async paymentFailed(body: EventBody<'payment.failed'>, meta: EventMeta): Promise<void> {
    const { purpose, amountMinor, currency } = body;
    await this.transactions.run((em) =>
      this.tell(em, 'payment-failed', body, meta, ['guest'], { purpose, amountMinor, currency }),
    );
  }

  /** What has been published, both sides may know of. Before that, reviews says nothing. */
  @OnEvent('review.published')
  async reviewPublished(body: EventBody<'review.published'>, meta: EventMeta): Promise<void> {
    await this.transactions.run(async (em) => {
      const stay = await findStay(em, body.bookingId);
      if (!stay) throw new Error('A review of a booking that has not been heard of yet');
      const side = body.direction === 'guest_to_listing' ? 'host' : 'guest';
      await this.notifications.withdraw(em, body.bookingId, 'review-reminder');
      await this.tell(em, 'review-published', stay, meta, [side], {});
    });
  }

  /** Those from before events said what a message is about are old news. */
  @OnEvent('message.sent')
  async messageSent(body: EventBody<'message.sent'>, meta: EventMeta): Promise<void> {
    const { listingId, bookingId, senderId, recipientId } = body;
    if (listingId === undefined) return;
    await this.transactions.run((em) =>
      this.notifications.tell(em, 'message-received', {
        eventId: meta.id,
        userId: recipientId,
        side: null,
        bookingId,
        facts: { listingId, senderId },
      }),
    );
  }

  /** Keeps what the event says of the booking, then acts; `before` is the state that was known until now. */
  private async follow(
    body: BookingFacts,
    meta: EventMeta,
    act: (em: EntityManager, before: BookingState | null) => Promise<unknown>,
  ): Promise<void> {
    await this.transactions.run(async (em) => {
      const before = await rememberStay(em, body, meta.aggregateVersion ?? 0);
      await act(em, before);
    });
  }

  /** Whether it was news to anybody. */
  private async tell<T extends Template>(
    em: EntityManager,
    template: T,
    booking: Parties,
    meta: EventMeta,
    sides: readonly Side[],
    facts: Facts[T],
  ): Promise<boolean> {
    let news = false;
    for (const side of sides)
      if (await this.notifications.tell(em, template, newsTo(side, booking, meta, facts))) news = true;
    return news;
  }

  private async remindOfCheckIn(em: EntityManager, body: BookingFacts, meta: EventMeta): Promise<void> {
    const stay = { ...body, checkOutAt: new Date(body.checkOutAt) };
    await this.notifications.remind(
      em,
      'check-in-reminder',
      newsTo('guest', body, meta, {}),
      checkInReminderAt(stay),
    );
  }
}

interface Parties {
  bookingId: string;
  guestId: string;
  hostId: string;
}

const newsTo = <F>(side: Side, { bookingId, guestId, hostId }: Parties, meta: EventMeta, facts: F) => ({
  eventId: meta.id,
  userId: side === 'guest' ? guestId : hostId,
  side,
  bookingId,
  facts,
});
