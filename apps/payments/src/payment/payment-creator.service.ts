import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { NO_PROVIDER } from '@roost/contracts';
import { Clock, Metrics, uuidv7 } from '@roost/platform';
import type { Counter } from 'prom-client';
import type { Split } from '../ledger/domain/posting.js';
import { totalOf } from '../ledger/domain/settlement.js';
import type { PaymentProvider } from '../provider/provider.port.js';
import type { PaymentOrigin } from '../provider/provider-rules.js';
import { Providers } from '../provider/providers.js';
import { PaymentPublisher } from './payment-publisher.service.js';
import { PaymentStepScheduler } from './payment-step-scheduler.service.js';
import { Payment } from './payment.entity.js';
import { ProviderCheckSchedule } from './provider-check-schedule.js';

interface PaymentRequest {
  bookingId: string;
  changeId: string | null;
  guestId: string;
  hostId: string;
  currency: string;
  /** The country of the listing, if it is known. */
  countryCode: string | null;
  split: Split;
  /** Authorizes the amount and captures it after the host's decision, where the provider supports that. */
  hold: boolean;
  expiresAt: string | null;
}

/** Creates payments and schedules their creation at the provider. */
@Injectable()
export class PaymentCreator {
  private readonly withoutProvider: Counter<'currency'>;

  constructor(
    private readonly publisher: PaymentPublisher,
    private readonly steps: PaymentStepScheduler,
    private readonly providers: Providers,
    private readonly checks: ProviderCheckSchedule,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.withoutProvider = metrics.counter(
      'roost_payments_without_provider_total',
      'Payments that no entry of PAYMENT_PROVIDERS takes, by currency',
      ['currency'],
    );
  }

  /** A payment that no provider takes fails at once, so that bookings releases the nights. */
  async create(
    em: EntityManager,
    { split, hold, expiresAt, countryCode, ...request }: PaymentRequest,
  ): Promise<void> {
    const taker = await this.takerOf(em, { ...request, countryCode });
    const provider = taker ?? this.providers.all[0];
    const now = this.clock.now();
    const payment = em.create(
      Payment,
      {
        ...request,
        ...split,
        id: uuidv7(),
        purpose: request.changeId === null ? 'booking' : 'change',
        provider: provider.name,
        capture: hold && provider.capabilities.manualCapture ? 'manual' : 'automatic',
        status: taker ? 'requires_payment_method' : 'failed',
        failureCode: taker ? null : NO_PROVIDER,
        amountMinor: totalOf(split),
        expiresAt: expiresAt === null ? null : new Date(expiresAt),
        checkAt: this.checks.next({ createdAt: now }),
        createdAt: now,
        updatedAt: now,
      },
      { partial: true },
    );
    await this.publisher.publish(em, payment, 'payment.created', {});
    if (taker) {
      await this.steps.scheduleNext(em, payment);
      return;
    }
    this.withoutProvider.inc({ currency: payment.currency });
    await this.publisher.publish(em, payment, 'payment.failed', { code: NO_PROVIDER });
  }

  /** A change is paid at the provider of its booking: one provider then holds all of the booking's money. */
  private async takerOf(
    em: EntityManager,
    { bookingId, changeId, ...origin }: PaymentOrigin & Pick<PaymentRequest, 'bookingId' | 'changeId'>,
  ): Promise<PaymentProvider | null> {
    const first = changeId === null ? null : await em.findOne(Payment, { bookingId, purpose: 'booking' });
    return (first && this.providers.find(first.provider)) ?? this.providers.choose(origin);
  }
}
