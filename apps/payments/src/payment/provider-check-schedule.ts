import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config, SystemClock } from '@roost/platform';
import type { PaymentsConfig } from '../config.js';
import type { Payment } from './payment.entity.js';

const MAX_INTERVAL_SECONDS = 3_600;

/** When the provider's state of an unfinished payment is requested again. */
@Injectable()
export class ProviderCheckSchedule {
  constructor(
    private readonly clock: SystemClock,
    @Inject(CONFIG) private readonly config: Config<typeof PaymentsConfig>,
  ) {}

  /** System time. The interval grows with the payment's age. */
  next(payment: Pick<Payment, 'createdAt'>): Date {
    const now = this.clock.now().getTime();
    const intervalSeconds = Math.max(
      this.config.PAYMENT_CHECK_SECONDS,
      Math.min((now - payment.createdAt.getTime()) / 2_000, MAX_INTERVAL_SECONDS),
    );
    return new Date(now + intervalSeconds * 1_000);
  }
}
