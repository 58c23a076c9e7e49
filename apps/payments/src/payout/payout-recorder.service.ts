import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Clock, CONFIG, type Config, Encryption, LOGGER } from '@roost/platform';
import type { Logger } from 'pino';
import type { PaymentsConfig } from '../config.js';
import type { Leg } from '../ledger/domain/posting.js';
import { LedgerService } from '../ledger/ledger.service.js';
import type { Mismatch } from '../payment/domain/provider-mismatch.js';
import type { ProviderTransfer } from '../provider/provider.port.js';
import { retryAt } from './domain/payout-plan.js';
import { paidLegs, returnedLegs, reversedLineLegs } from './domain/payout-posting.js';
import { changeOf } from './domain/payout-state.js';
import { transferMismatch } from './domain/transfer-mismatch.js';
import { decryptReference } from './payout-account.service.js';
import { checkAgain } from './payout-booking.queries.js';
import { PayoutPublisher, publicCode } from './payout-publisher.service.js';
import {
  accountReference,
  finishPayout,
  linesOf,
  lockPayout,
  type Payout,
  postponePayout,
} from './payout.queries.js';

const MAX_CHECK_SECONDS = 3_600;

/** Records the provider's state of a transfer, with the payout, its event and its movements. */
@Injectable()
export class PayoutRecorder {
  constructor(
    private readonly ledger: LedgerService,
    private readonly publisher: PayoutPublisher,
    private readonly encryption: Encryption,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config<typeof PaymentsConfig>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Returns the contradiction of a transfer of another amount, currency or destination. It is not applied, and reconciliation
   * reports it.
   */
  async recordTransfer(
    em: EntityManager,
    payoutId: string,
    transfer: ProviderTransfer,
  ): Promise<Mismatch | null> {
    const payout = await lockPayout(em, payoutId);
    if (!payout) return null;
    const { ref: providerRef } = transfer;
    const reference = await accountReference(em, payout.accountId);
    const destination = decryptReference(this.encryption, reference) ?? transfer.destination;
    const mismatch = transferMismatch({ ...payout, destination }, transfer);
    if (mismatch) {
      const fields = { payoutId, providerRef, reason: mismatch };
      this.logger.error(fields, 'transfer differs from its payout; it is not applied');
      await postponePayout(em, payoutId, {
        waitSeconds: this.pause(payout),
        providerRef: null,
      });
      return mismatch;
    }
    switch (changeOf(payout.status, transfer.status)) {
      case 'paid':
        await this.recordPaid(em, payout, providerRef);
        break;
      case 'failed':
        await this.recordFailed(em, payout, transfer.failureCode, providerRef);
        break;
      case 'returned':
        await this.post(em, payout, 'returned', returnedLegs(payout.hostId, payout.amountMinor));
        await this.recordFailed(em, payout, transfer.failureCode, providerRef);
        break;
      case null:
        await postponePayout(em, payoutId, { waitSeconds: this.pause(payout), providerRef });
    }
    return null;
  }

  /** The provider has rejected the transfer. */
  async recordRejected(em: EntityManager, payoutId: string, code: string): Promise<void> {
    const payout = await lockPayout(em, payoutId);
    if (payout?.status === 'in_transit') await this.recordFailed(em, payout, code, null);
  }

  /** Until the next check of a pending transfer; grows with each one, because a webhook usually reports its end. */
  private pause({ tries }: Payout): number {
    return Math.max(this.config.PAYMENT_CHECK_SECONDS, Math.min(2 ** tries, MAX_CHECK_SECONDS));
  }

  private async recordPaid(em: EntityManager, payout: Payout, providerRef: string): Promise<void> {
    const finishedAt = this.clock.now();
    const outcome = { status: 'paid', providerRef, failureCode: null, retryAt: null, finishedAt } as const;
    await finishPayout(em, payout.id, outcome);
    await this.post(em, payout, 'paid', paidLegs(payout.hostId, payout.amountMinor));
    await this.publisher.publish(em, { ...payout, version: payout.version + 1 }, 'payout.paid');
  }

  /** The host is owed the amount again. The next payout, after a pause, computes it anew. */
  private async recordFailed(
    em: EntityManager,
    payout: Payout,
    providerCode: string | null,
    providerRef: string | null,
  ): Promise<void> {
    const finishedAt = this.clock.now();
    const failureCode = publicCode(providerCode);
    await finishPayout(em, payout.id, {
      status: 'failed',
      providerRef,
      failureCode,
      retryAt: retryAt(payout.attempt, finishedAt),
      finishedAt,
    });
    for (const { bookingId, amountMinor } of await linesOf(em, [payout.id])) {
      await this.ledger.post(em, {
        key: `payout:${payout.id}:${bookingId}:failed`,
        currency: payout.currency,
        paymentId: null,
        bookingId,
        occurredAt: finishedAt,
        legs: reversedLineLegs(payout.hostId, amountMinor),
      });
    }
    await checkAgain(em, payout.id, finishedAt);
    await this.publisher.publishFailed(em, { ...payout, version: payout.version + 1 }, failureCode);
  }

  private post(em: EntityManager, payout: Payout, step: 'paid' | 'returned', legs: Leg[]): Promise<void> {
    return this.ledger.post(em, {
      key: `payout:${payout.id}:${step}`,
      currency: payout.currency,
      paymentId: null,
      bookingId: null,
      occurredAt: this.clock.now(),
      legs,
    });
  }
}
