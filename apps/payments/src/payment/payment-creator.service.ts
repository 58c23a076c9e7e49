import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Clock, uuidv7 } from '@roost/platform';
import type { Split } from '../ledger/domain/posting.js';
import { totalOf } from '../ledger/domain/settlement.js';
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
  split: Split;
  /** Authorizes the amount and captures it after the host's decision, where the provider supports that. */
  hold: boolean;
  expiresAt: string | null;
}

/** Creates payments and schedules their creation at the provider. */
@Injectable()
export class PaymentCreator {
  constructor(
    private readonly publisher: PaymentPublisher,
    private readonly steps: PaymentStepScheduler,
    private readonly providers: Providers,
    private readonly checks: ProviderCheckSchedule,
    private readonly clock: Clock,
  ) {}

  async create(em: EntityManager, { split, hold, expiresAt, ...request }: PaymentRequest): Promise<void> {
    const provider = this.providers.first;
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
        status: 'requires_payment_method',
        amountMinor: totalOf(split),
        expiresAt: expiresAt === null ? null : new Date(expiresAt),
        checkAt: this.checks.next({ createdAt: now }),
        createdAt: now,
        updatedAt: now,
      },
      { partial: true },
    );
    await this.publisher.publish(em, payment, 'payment.created', {});
    await this.steps.scheduleNext(em, payment);
  }
}
