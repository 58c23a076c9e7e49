import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import type { NotificationFacts, PayoutTemplate } from './domain/notification.js';
import { NotificationService } from './notification.service.js';
import { mirrorPayout } from './payout-mirror.queries.js';

/** Mirrors payouts, and notifies hosts of them and of each change of their payout accounts. */
@Controller()
export class PayoutNotificationConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly notifications: NotificationService,
  ) {}

  @OnEvent('payout.scheduled')
  async scheduled(body: EventBody<'payout.scheduled'>, meta: EventMeta): Promise<void> {
    await this.mirror(body, 'scheduled', meta);
  }

  @OnEvent('payout.paid')
  async paid(body: EventBody<'payout.paid'>, meta: EventMeta): Promise<void> {
    await this.mirror(body, 'paid', meta);
    const { amountMinor, currency, bookingIds } = body;
    const facts = { amountMinor, currency, bookings: bookingIds.length };
    await this.notify('payout-paid', body.hostId, meta, facts);
  }

  /** Payouts are retried: only the first failure in a row sends a mail. */
  @OnEvent('payout.failed')
  async failed(body: EventBody<'payout.failed'>, meta: EventMeta): Promise<void> {
    await this.mirror(body, 'failed', meta);
    const { amountMinor, currency, bookingIds, code, attempt = 1 } = body;
    if (attempt > 1) return;
    const facts = { amountMinor, currency, bookings: bookingIds.length, code };
    await this.notify('payout-failed', body.hostId, meta, facts);
  }

  @OnEvent('payout-account.changed')
  async accountChanged(body: EventBody<'payout-account.changed'>, meta: EventMeta): Promise<void> {
    const { currency, provider, usableAt } = body;
    await this.notify('payout-account-changed', body.hostId, meta, { currency, provider, usableAt });
  }

  private mirror(
    body: EventBody<'payout.scheduled'>,
    status: 'scheduled' | 'paid' | 'failed',
    { aggregateVersion }: EventMeta,
  ): Promise<void> {
    return this.transactions.run((em) => mirrorPayout(em, body, status, aggregateVersion ?? 0));
  }

  private async notify<T extends PayoutTemplate>(
    template: T,
    userId: string,
    { id: eventId }: EventMeta,
    facts: NotificationFacts[T],
  ): Promise<void> {
    await this.transactions.run((em) =>
      this.notifications.notify(em, template, [{ eventId, userId, side: null, bookingId: null, facts }]),
    );
  }
}
