import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { EventBody, EventType } from '@roost/contracts';
import { Outbox } from '@roost/messaging';
import { Clock } from '@roost/platform';
import type { Payment } from './payment.entity.js';

type PaymentEvent = Extract<EventType, `payment.${string}`>;
type AdditionalFields<T extends PaymentEvent> = Omit<EventBody<T>, keyof EventBody<'payment.created'>>;

/** Publishes the events of payments. */
@Injectable()
export class PaymentPublisher {
  constructor(
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async publish<T extends PaymentEvent>(
    em: EntityManager,
    payment: Payment,
    type: T,
    additional: AdditionalFields<T>,
  ): Promise<void> {
    payment.updatedAt = this.clock.now();
    await em.flush();
    // The compiler cannot join the shared fields and fields that depend on T. The outbox validates the body.
    const body = { ...bodyOf(payment), ...additional } as unknown as EventBody<T>;
    await this.outbox.add(em, type, body, { version: payment.version });
  }
}

const bodyOf = (payment: Payment): EventBody<'payment.created'> => ({
  paymentId: payment.id,
  bookingId: payment.bookingId,
  changeId: payment.changeId,
  guestId: payment.guestId,
  hostId: payment.hostId,
  purpose: payment.purpose,
  status: payment.status,
  provider: payment.provider,
  currency: payment.currency,
  amountMinor: payment.amountMinor,
  authorizedMinor: payment.authorizedMinor,
  capturedMinor: payment.capturedMinor,
  refundedMinor: payment.refundedMinor,
});
