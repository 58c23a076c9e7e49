import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Clock, CONFIG, type Config } from '@roost/platform';
import type { PaymentsConfig } from '../config.js';
import { Providers } from '../provider/providers.js';
import type { Payment } from './payment.entity.js';
import { claimRefundChecks, claimStalePayments } from './payment.queries.js';

/** How long an ended payment is checked for late money. After it, webhooks and reconciliation still report the money. */
const LATE_PAYMENT_DAYS = 7;
/** Stripe: banks return a refund within 30 days (https://docs.stripe.com/refunds#failed-refunds). */
const RETURNED_REFUND_DAYS = 35;

@Injectable()
export class StalePayments {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly providers: Providers,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config<typeof PaymentsConfig>,
  ) {}

  /** Claims payments of enabled providers whose check is due. A check that fails is due again after the interval. */
  claim(limit: number): Promise<Payment[]> {
    const { all } = this.providers;
    return claimStalePayments(this.orm.em.fork(), limit, {
      intervalSeconds: this.config.PAYMENT_CHECK_SECONDS,
      providers: all.map(({ name }) => name),
      late: all.filter(({ capabilities }) => capabilities.latePayments).map(({ name }) => name),
      endedSince: this.daysAgo(LATE_PAYMENT_DAYS),
    });
  }

  /** Claims payments of enabled providers with a refund whose daily check is due. */
  claimRefundChecks(limit: number): Promise<Payment[]> {
    return claimRefundChecks(this.orm.em.fork(), limit, {
      providers: this.providers.all.map(({ name }) => name),
      paidSince: this.daysAgo(RETURNED_REFUND_DAYS),
    });
  }

  private daysAgo(days: number): Date {
    return new Date(this.clock.now().getTime() - days * 86_400_000);
  }
}
