import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { findBookingMirror } from './booking-mirror.queries.js';
import { notificationsOf } from './booking-notifications.js';
import { NotificationService } from './notification.service.js';

/** Notifies users of failed payments, published reviews, new messages and feeds with a problem. */
@Controller()
export class NotificationConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly notifications: NotificationService,
  ) {}

  @OnEvent('payment.failed')
  async paymentFailed(body: EventBody<'payment.failed'>, meta: EventMeta): Promise<void> {
    const { purpose, amountMinor, currency } = body;
    await this.transactions.run((em) =>
      this.notifications.notify(
        em,
        'payment-failed',
        notificationsOf(body, meta, ['guest'], { purpose, amountMinor, currency }),
      ),
    );
  }

  /** Notifies the reviewed side. The service `reviews` publishes no event before the review is published. */
  @OnEvent('review.published')
  async reviewPublished(body: EventBody<'review.published'>, meta: EventMeta): Promise<void> {
    await this.transactions.run(async (em) => {
      const booking = await findBookingMirror(em, body.bookingId);
      if (!booking) throw new Error('review.published arrived before the events of its booking');
      const side = body.direction === 'guest_to_listing' ? 'host' : 'guest';
      await this.notifications.withdraw(em, body.bookingId, 'review-reminder');
      await this.notifications.notify(em, 'review-published', notificationsOf(booking, meta, [side], {}));
    });
  }

  /** Ignores events of an older schema, which have no `listingId`. */
  @OnEvent('message.sent')
  async messageSent(body: EventBody<'message.sent'>, meta: EventMeta): Promise<void> {
    const { threadId, listingId, bookingId, senderId, recipientId } = body;
    if (listingId === undefined) return;
    const facts = { listingId, senderId, threadId };
    await this.transactions.run((em) =>
      this.notifications.notify(em, 'message-received', [
        { eventId: meta.id, userId: recipientId, side: null, bookingId, facts },
      ]),
    );
  }

  @OnEvent('feed.problem-found')
  async feedProblemFound(body: EventBody<'feed.problem-found'>, meta: EventMeta): Promise<void> {
    const { feedId, listingId, hostId, problem } = body;
    const facts = { feedId, listingId, problem };
    await this.transactions.run((em) =>
      this.notifications.notify(em, 'feed-problem-found', [
        { eventId: meta.id, userId: hostId, side: null, bookingId: null, facts },
      ]),
    );
  }
}
