import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Clock } from '@roost/platform';
import { captureLegs, takeInProportion } from '../ledger/domain/posting.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { PaperIssuer } from '../paper/paper-issuer.service.js';
import { PaymentPublisher } from './payment-publisher.service.js';
import type { Payment } from './payment.entity.js';

/** Records a capture: its event, its movements and its receipt. */
@Injectable()
export class CaptureRecorder {
  constructor(
    private readonly publisher: PaymentPublisher,
    private readonly ledger: LedgerService,
    private readonly papers: PaperIssuer,
    private readonly clock: Clock,
  ) {}

  async record(em: EntityManager, payment: Payment): Promise<void> {
    const capturedAt = this.clock.now();
    payment.capturedAt = capturedAt;
    await this.publisher.publish(em, payment, 'payment.captured', { capturedAt: capturedAt.toISOString() });
    await this.post(em, payment, capturedAt);
  }

  /** A capture after the payment has ended: bookings must not confirm a booking for it, so it is not published. */
  async recordLate(em: EntityManager, payment: Payment): Promise<void> {
    const capturedAt = this.clock.now();
    Object.assign(payment, { capturedAt, updatedAt: capturedAt });
    await em.flush();
    await this.post(em, payment, capturedAt);
  }

  private async post(em: EntityManager, payment: Payment, occurredAt: Date): Promise<void> {
    const { hostMinor, platformMinor, taxMinor, capturedMinor } = payment;
    const split = takeInProportion({ hostMinor, platformMinor, taxMinor }, capturedMinor);
    await this.ledger.postOf(em, payment, {
      key: `capture:${payment.id}`,
      occurredAt,
      legs: captureLegs(payment, split),
    });
    await this.papers.issueReceipt(em, payment, { amountMinor: capturedMinor, occurredAt });
  }
}
