import type { EntityManager } from '@mikro-orm/postgresql';
import { Controller, Inject } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { CONFIG } from '@roost/platform';
import type { IdentityConfig } from '../config.js';
import { type BookingFacts, mirrorBooking } from './booking-mirror.queries.js';
import { notificationsOf } from './booking-notifications.js';
import { type BookingState, hostWasNotified, type Side, wasConfirmed } from './domain/notification.js';
import { checkInReminderAt, reviewReminderAt, reviewWindowEnd } from './domain/schedule.js';
import { NotificationService } from './notification.service.js';

/** Mirrors bookings and notifies guests and hosts of their events. */
@Controller()
export class BookingNotificationConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly notifications: NotificationService,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  @OnEvent('booking.created', 'booking.accepted', 'booking.checked-in')
  async stateChanged(body: BookingFacts, meta: EventMeta): Promise<void> {
    await this.applyEvent(body, meta, async () => undefined);
  }

  @OnEvent('booking.requested')
  async requested(body: EventBody<'booking.requested'>, meta: EventMeta): Promise<void> {
    const { respondBy } = body;
    await this.applyEvent(body, meta, (em) =>
      this.notifications.notify(
        em,
        'booking-requested',
        notificationsOf(body, meta, ['host'], { respondBy }),
      ),
    );
  }

  @OnEvent('booking.confirmed')
  async confirmed(body: EventBody<'booking.confirmed'>, meta: EventMeta): Promise<void> {
    await this.applyEvent(body, meta, async (em) => {
      const notifications = notificationsOf(body, meta, ['guest', 'host'], {});
      await this.notifications.notify(em, 'booking-confirmed', notifications);
      await this.scheduleCheckInReminder(em, body, meta);
    });
  }

  @OnEvent('booking.declined')
  async declined(body: EventBody<'booking.declined'>, meta: EventMeta): Promise<void> {
    await this.applyEvent(body, meta, (em) =>
      this.notifications.notify(em, 'booking-declined', notificationsOf(body, meta, ['guest'], {})),
    );
  }

  /** A booking that has expired by its hold expires again if a payment arrives too late. */
  @OnEvent('booking.expired')
  async expired(body: EventBody<'booking.expired'>, meta: EventMeta): Promise<void> {
    const { cause } = body;
    await this.applyEvent(body, meta, async (em, previousState) => {
      const sides: Side[] = cause === 'hold' ? ['guest'] : ['guest', 'host'];
      const late = cause === 'hold' && previousState === 'expired';
      await this.notifications.notify(
        em,
        'booking-expired',
        notificationsOf(body, meta, sides, { cause, late }),
      );
    });
  }

  @OnEvent('booking.cancelled')
  async cancelled(body: EventBody<'booking.cancelled'>, meta: EventMeta): Promise<void> {
    const { by, refundMinor, hostPenaltyMinor } = body;
    await this.applyEvent(body, meta, async (em, previousState) => {
      const facts = { by, refundMinor, hostPenaltyMinor, wasConfirmed: wasConfirmed(previousState) };
      const sides: Side[] = hostWasNotified(previousState) ? ['guest', 'host'] : ['guest'];
      await this.notifications.notify(em, 'booking-cancelled', notificationsOf(body, meta, sides, facts));
      await this.notifications.withdraw(em, body.bookingId, 'check-in-reminder');
    });
  }

  @OnEvent('booking.change-proposed')
  async changeProposed(body: EventBody<'booking.change-proposed'>, meta: EventMeta): Promise<void> {
    const { by, terms, differenceMinor, expiresAt } = body;
    const side: Side = by === 'guest' ? 'host' : 'guest';
    const facts = { ...terms, differenceMinor, closesAt: expiresAt ?? body.checkInAt };
    await this.applyEvent(body, meta, (em) =>
      this.notifications.notify(em, 'booking-change-proposed', notificationsOf(body, meta, [side], facts)),
    );
  }

  /** A change without a payment is applied at once; `booking.change-applied` notifies of it. */
  @OnEvent('booking.change-accepted')
  async changeAccepted(body: EventBody<'booking.change-accepted'>, meta: EventMeta): Promise<void> {
    const { differenceMinor, expiresAt } = body;
    await this.applyEvent(body, meta, async (em) => {
      if (differenceMinor <= 0) return;
      const facts = { differenceMinor, closesAt: expiresAt ?? body.checkInAt };
      await this.notifications.notify(
        em,
        'booking-change-to-pay',
        notificationsOf(body, meta, ['guest'], facts),
      );
    });
  }

  @OnEvent('booking.change-applied')
  async changed(body: EventBody<'booking.change-applied'>, meta: EventMeta): Promise<void> {
    const { differenceMinor } = body;
    await this.applyEvent(body, meta, async (em) => {
      const notifications = notificationsOf(body, meta, ['guest', 'host'], { differenceMinor });
      const isNew = await this.notifications.notify(em, 'booking-changed', notifications);
      // A redelivered event must not withdraw the reminder that it or a later change has scheduled.
      if (!isNew) return;
      await this.notifications.withdraw(em, body.bookingId, 'check-in-reminder');
      if (body.state === 'confirmed') await this.scheduleCheckInReminder(em, body, meta);
    });
  }

  /** Both sides get the reminder, also with a review written: a missing one would reveal the other side's review. */
  @OnEvent('booking.completed')
  async completed(body: EventBody<'booking.completed'>, meta: EventMeta): Promise<void> {
    await this.applyEvent(body, meta, async (em) => {
      const stay = { ...body, checkOutAt: new Date(body.checkOutAt) };
      const closesAt = reviewWindowEnd(stay, this.config.REVIEW_WINDOW_DAYS).toISOString();
      for (const notification of notificationsOf(body, meta, ['guest', 'host'], { closesAt }))
        await this.notifications.schedule(em, 'review-reminder', notification, reviewReminderAt(stay));
    });
  }

  /** Mirrors the booking of the event and runs `react` with the state before the event. */
  private async applyEvent(
    body: BookingFacts,
    meta: EventMeta,
    react: (em: EntityManager, previousState: BookingState | null) => Promise<unknown>,
  ): Promise<void> {
    await this.transactions.run(async (em) => {
      const previousState = await mirrorBooking(em, body, meta.aggregateVersion ?? 0);
      await react(em, previousState);
    });
  }

  private async scheduleCheckInReminder(
    em: EntityManager,
    body: BookingFacts,
    meta: EventMeta,
  ): Promise<void> {
    const dueAt = checkInReminderAt({ ...body, checkOutAt: new Date(body.checkOutAt) });
    for (const notification of notificationsOf(body, meta, ['guest'], {}))
      await this.notifications.schedule(em, 'check-in-reminder', notification, dueAt);
  }
}
