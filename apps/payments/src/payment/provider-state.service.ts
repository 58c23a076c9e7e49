import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, Metrics } from '@roost/platform';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import type { ProviderIntent } from '../provider/provider.port.js';
import { type Mismatch, mismatches, stateMismatch } from './domain/provider-mismatch.js';
import { PaymentStateUpdater } from './payment-state-updater.service.js';
import type { Payment } from './payment.entity.js';
import { postponeProviderCheck } from './payment.queries.js';
import { ProviderCheckSchedule } from './provider-check-schedule.js';

/** Applies a provider's state to a payment, unless its amount, currency or reference contradicts the payment. */
@Injectable()
export class ProviderStateService {
  private readonly rejected: Counter<'reason'>;

  constructor(
    private readonly states: PaymentStateUpdater,
    private readonly checks: ProviderCheckSchedule,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.rejected = metrics.counter(
      'roost_payments_provider_states_rejected_total',
      'States of providers that contradict their payment and are not applied, by reason',
      ['reason'],
    );
    for (const reason of mismatches) this.rejected.inc({ reason }, 0);
  }

  /** Returns the contradiction. Nothing is applied then, and reconciliation reports `provider.amount_differs`. */
  async apply(
    em: EntityManager,
    payment: Payment,
    intent: ProviderIntent,
    confirming: boolean,
  ): Promise<Mismatch | null> {
    const mismatch = stateMismatch(payment, intent);
    if (mismatch) {
      this.report(payment, mismatch);
      await postponeProviderCheck(em, payment.id, this.checks.next(payment));
    } else {
      await this.states.applyProviderState(em, payment, intent, confirming);
    }
    return mismatch;
  }

  /** Logs and counts a state that is not applied. */
  report(payment: Payment, mismatch: Mismatch): void {
    this.rejected.inc({ reason: mismatch });
    this.logger.error(
      { paymentId: payment.id, provider: payment.provider, reason: mismatch },
      "the provider's state contradicts the payment; it is not applied",
    );
  }
}
