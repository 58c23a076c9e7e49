import { Controller } from '@nestjs/common';
import { type EventBody, REFUND_REASON } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { notificationsOf } from './booking-notifications.js';
import { NotificationService } from './notification.service.js';

const REASONS = Object.values(REFUND_REASON);

/** Notifies guests of refunds, and hosts of disputes. */
@Controller()
export class PaymentNotificationConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly notifications: NotificationService,
  ) {}

  @OnEvent('payment.refunded')
  async refunded(body: EventBody<'payment.refunded'>, meta: EventMeta): Promise<void> {
    const { refundAmountMinor: amountMinor, repeated = false, paidOutOfBand = false } = body;
    const reason = REASONS.find((each) => each === body.reason) ?? REFUND_REASON.goodwill;
    await this.transactions.run((em) =>
      this.notifications.notify(
        em,
        'payment-refunded',
        notificationsOf(body, meta, ['guest'], { amountMinor, reason, repeated, paidOutOfBand }),
      ),
    );
  }

  @OnEvent('payment.disputed')
  async disputed(body: EventBody<'payment.disputed'>, meta: EventMeta): Promise<void> {
    await this.transactions.run((em) =>
      this.notifications.notify(em, 'payment-disputed', notificationsOf(body, meta, ['host'], {})),
    );
  }

  @OnEvent('payment.dispute-won')
  async disputeWon(body: EventBody<'payment.dispute-won'>, meta: EventMeta): Promise<void> {
    await this.disputeClosed(body, meta, 'won');
  }

  @OnEvent('payment.dispute-lost')
  async disputeLost(body: EventBody<'payment.dispute-lost'>, meta: EventMeta): Promise<void> {
    await this.disputeClosed(body, meta, 'lost');
  }

  private async disputeClosed(
    body: EventBody<'payment.dispute-won'>,
    meta: EventMeta,
    outcome: 'won' | 'lost',
  ): Promise<void> {
    await this.transactions.run((em) =>
      this.notifications.notify(em, 'dispute-closed', notificationsOf(body, meta, ['host'], { outcome })),
    );
  }
}
