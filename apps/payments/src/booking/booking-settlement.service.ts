import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Clock } from '@roost/platform';
import { type Split, transferLeg } from '../ledger/domain/posting.js';
import { type Holding, type PaymentSettlement, settle } from '../ledger/domain/settlement.js';
import { LedgerService } from '../ledger/ledger.service.js';
import type { Payment } from '../payment/payment.entity.js';
import { RefundService } from '../payment/refund.service.js';

/** Settles a booking's money between host, platform and tax office. */
@Injectable()
export class BookingSettlementService {
  constructor(
    private readonly refunds: RefundService,
    private readonly ledger: LedgerService,
    private readonly clock: Clock,
  ) {}

  /** Reduces a refund of a booking by the amounts that the guest's bank has returned already. */
  offsetLosses(payments: readonly Payment[], refundMinor: number): number {
    return this.refunds.takeOffsets(payments, refundMinor);
  }

  /**
   * Divides a refund among the captured payments of a booking, in their order, so that each party retains `target`. Disputed
   * payments come first: their part waits, and the bank's decision reduces it.
   */
  async settle(
    em: EntityManager,
    payments: readonly Payment[],
    refundMinor: number,
    target: Split,
  ): Promise<PaymentSettlement[]> {
    const holdings: Holding[] = [];
    for (const payment of payments.toSorted((a, b) => disputedFirst(a) - disputedFirst(b))) {
      if (!['captured', 'partially_refunded', 'disputed'].includes(payment.status)) continue;
      holdings.push({ paymentId: payment.id, remaining: await this.refunds.freeShares(em, payment) });
    }
    return settle(holdings, refundMinor, target);
  }

  /** Posts the transfers between the parties of a payment, without effect on the guest. `cause` is part of the posting's key. */
  async postTransfers(
    em: EntityManager,
    payment: Payment,
    { transfers }: PaymentSettlement,
    cause: string,
  ): Promise<void> {
    if (transfers.length === 0) return;
    for (const { from, to, amountMinor } of transfers) {
      payment[from] -= amountMinor;
      payment[to] += amountMinor;
    }
    const now = this.clock.now();
    payment.updatedAt = now;
    await em.flush();
    await this.ledger.postOf(em, payment, {
      key: `${cause}:${payment.id}`,
      occurredAt: now,
      legs: transfers.map((transfer) => transferLeg(payment, transfer)),
    });
  }
}

const disputedFirst = ({ status }: Payment): number => (status === 'disputed' ? 0 : 1);
