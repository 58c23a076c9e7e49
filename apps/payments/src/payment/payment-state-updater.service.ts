import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { EventBody, EventType } from '@roost/contracts';
import { Outbox } from '@roost/messaging';
import { Clock, CONFIG, type Config, Encryption, SystemClock } from '@roost/platform';
import { Inject } from '@nestjs/common';
import type { PaymentsConfig } from '../config.js';
import { captureLegs, takeFrom } from '../ledger/domain/posting.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { OperationPlan } from '../operation/operation.plan.js';
import type { ProviderIntent } from '../provider/provider.port.js';
import { RefundService } from '../refund/refund.service.js';
import { type PaymentFacts, nextStep, observe } from './domain/payment-state.js';
import { Payment } from './payment.entity.js';
import { SECRET_CONTEXT } from './payment.dto.js';

const LONGEST_QUIET_SECONDS = 3_600;

type PaymentEvent = Extract<EventType, `payment.${string}`>;
type Extra<T extends PaymentEvent> = Omit<EventBody<T>, keyof EventBody<'payment.created'>>;

/** Moves a payment on: applies what is seen at the provider, says what happened, and plans what comes next. */
@Injectable()
export class PaymentProgress {
  constructor(
    private readonly outbox: Outbox,
    private readonly ledger: LedgerService,
    private readonly refunds: RefundService,
    private readonly plan: OperationPlan,
    private readonly encryption: Encryption,
    private readonly clock: Clock,
    private readonly systemClock: SystemClock,
    @Inject(CONFIG) private readonly config: Config<typeof PaymentsConfig>,
  ) {}

  /** `deciding`: a confirmation is open whose answer will come by itself. */
  async sight(em: EntityManager, payment: Payment, intent: ProviderIntent, deciding: boolean): Promise<void> {
    // Past the entity: being asked about is no change, and gives no new version.
    await em.execute(
      'UPDATE payment SET check_at = ? WHERE id = ?',
      [this.nextCheck(payment), payment.id],
      'run',
    );
    payment.providerRef ??= intent.ref;
    if (intent.clientSecret !== null) {
      payment.clientSecret ??= this.encryption.encrypt(intent.clientSecret, SECRET_CONTEXT);
    }
    const before = payment.status;
    const seen = observe(factsOf(payment), intent, deciding);
    payment.status = seen.status;
    payment.authorizedMinor = seen.authorizedMinor;
    payment.capturedMinor = seen.capturedMinor;
    if (seen.failureCode !== null || seen.status !== before) payment.failureCode = seen.failureCode;
    if (seen.status === 'requires_action' && intent.redirectUrl !== null) {
      payment.redirectUrl = this.encryption.encrypt(intent.redirectUrl, SECRET_CONTEXT);
    } else if (seen.status !== 'requires_action') {
      payment.redirectUrl = null;
    }
    switch (seen.happened?.kind) {
      case 'action-required':
        await this.publish(em, payment, 'payment.action-required', {});
        break;
      case 'authorized':
        payment.captureBefore = intent.captureBefore ?? this.systemClock.now();
        await this.publish(em, payment, 'payment.authorized', {
          captureBefore: payment.captureBefore.toISOString(),
        });
        break;
      case 'captured':
        await this.captured(em, payment);
        break;
      case 'voided':
        await this.publish(em, payment, 'payment.voided', {});
        break;
      case 'failed':
        await this.publish(em, payment, 'payment.failed', { code: seen.happened.code });
        break;
      case undefined:
        break;
    }
    await this.settle(em, payment);
  }

  /** Plans what the booking's wish needs next. */
  async settle(em: EntityManager, payment: Payment): Promise<void> {
    const step = nextStep(factsOf(payment));
    switch (step?.do) {
      case 'create':
        await this.plan.add(em, { paymentId: payment.id, kind: 'create', key: `create:${payment.id}` });
        break;
      case 'capture':
        await this.plan.add(em, { paymentId: payment.id, kind: 'capture', key: `capture:${payment.id}` });
        break;
      case 'void':
        await this.plan.add(em, { paymentId: payment.id, kind: 'void', key: `void:${payment.id}` });
        break;
      case 'drop':
        // Once the provider may have heard of it, its answer decides.
        if (await this.plan.abandon(em, payment.id, 'create')) {
          payment.status = 'voided';
          await this.publish(em, payment, 'payment.voided', {});
        }
        break;
      case 'refund':
        await this.refunds.release(em, payment, step.amountMinor);
        break;
      case undefined:
        break;
    }
    await em.flush();
  }

  async publish<T extends PaymentEvent>(
    em: EntityManager,
    payment: Payment,
    type: T,
    extra: Extra<T>,
  ): Promise<void> {
    payment.updatedAt = this.clock.now();
    await em.flush();
    // The compiler can not join a shared part and a part that depends on T; parseEvent in the outbox checks it.
    await this.outbox.add(em, type, { ...bodyOf(payment), ...extra } as unknown as EventBody<T>, {
      version: payment.version,
    });
  }

  /** Ask the provider again after a while, the longer the older the payment is. */
  nextCheck(payment: Pick<Payment, 'createdAt'>): Date {
    const now = this.systemClock.now().getTime();
    const quietSeconds = Math.max(
      this.config.PAYMENT_CHECK_SECONDS,
      Math.min((now - payment.createdAt.getTime()) / 2_000, LONGEST_QUIET_SECONDS),
    );
    return new Date(now + quietSeconds * 1_000);
  }

  private async captured(em: EntityManager, payment: Payment): Promise<void> {
    payment.capturedAt = this.clock.now();
    const split = takeFrom(
      { hostMinor: payment.hostMinor, platformMinor: payment.platformMinor, taxMinor: payment.taxMinor },
      payment.capturedMinor,
    );
    await this.publish(em, payment, 'payment.captured', { capturedAt: payment.capturedAt.toISOString() });
    await this.ledger.post(em, {
      key: `capture:${payment.id}`,
      currency: payment.currency,
      paymentId: payment.id,
      bookingId: payment.bookingId,
      occurredAt: payment.capturedAt,
      legs: captureLegs(payment, split),
    });
  }
}

export const factsOf = (payment: Payment): PaymentFacts => ({
  status: payment.status,
  amountMinor: payment.amountMinor,
  authorizedMinor: payment.authorizedMinor,
  capturedMinor: payment.capturedMinor,
  refundedMinor: payment.refundedMinor,
  refundReservedMinor: payment.refundReservedMinor,
  wish: payment.wish,
  releaseMinor: payment.releaseMinor,
  created: payment.providerRef !== null,
});

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
