import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Clock, uuidv7 } from '@roost/platform';
import type { Split } from '../ledger/domain/posting.js';
import { totalOf } from '../ledger/domain/settlement.js';
import { Providers } from '../provider/providers.js';
import { Payment } from './payment.entity.js';
import { PaymentProgress } from './payment.progress.js';

interface WantedPayment {
  bookingId: string;
  changeId: string | null;
  guestId: string;
  hostId: string;
  currency: string;
  split: Split;
  /** The money is held until somebody decides, where the provider can. */
  hold: boolean;
  expiresAt: string | null;
}

/** Asks a guest for money. */
@Injectable()
export class PaymentOpening {
  constructor(
    private readonly progress: PaymentProgress,
    private readonly providers: Providers,
    private readonly clock: Clock,
  ) {}

  async open(em: EntityManager, { split, hold, expiresAt, ...wanted }: WantedPayment): Promise<void> {
    const provider = this.providers.first;
    const now = this.clock.now();
    const payment = em.create(
      Payment,
      {
        ...wanted,
        ...split,
        id: uuidv7(),
        purpose: wanted.changeId === null ? 'booking' : 'change',
        provider: provider.name,
        capture: hold && provider.capabilities.manualCapture ? 'manual' : 'automatic',
        status: 'requires_payment_method',
        amountMinor: totalOf(split),
        expiresAt: expiresAt === null ? null : new Date(expiresAt),
        checkAt: this.progress.nextCheck({ createdAt: now }),
        createdAt: now,
        updatedAt: now,
      },
      { partial: true },
    );
    await this.progress.publish(em, payment, 'payment.created', {});
    await this.progress.settle(em, payment);
  }
}
