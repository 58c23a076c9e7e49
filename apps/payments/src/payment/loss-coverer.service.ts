import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Clock } from '@roost/platform';
import { excessCoveredLegs, type Split } from '../ledger/domain/posting.js';
import { totalOf } from '../ledger/domain/settlement.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { coverExcess } from './domain/lost-excess.js';
import type { Payment } from './payment.entity.js';
import { addCover, lostExcesses } from './refund.queries.js';

/** Lets the parties of a payment bear the excess of its lost disputes as soon as they can. */
@Injectable()
export class LossCoverer {
  constructor(
    private readonly ledger: LedgerService,
    private readonly clock: Clock,
  ) {}

  /**
   * A refund has failed, or a dispute was won: `freed` is the amount that could be refunded again. Returns the part of it
   * that the bank has returned already. `causeId`: the refund or the dispute. The payment is locked.
   */
  async cover(em: EntityManager, payment: Payment, freed: Split, causeId: string): Promise<number> {
    const now = this.clock.now();
    let coveredMinor = 0;
    for (const { disputeId, shares } of coverExcess(await lostExcesses(em, payment.id), freed)) {
      await addCover(em, disputeId, shares, now);
      coveredMinor += totalOf(shares);
      await this.ledger.postOf(em, payment, {
        key: `dispute:${disputeId}:covered:${causeId}`,
        occurredAt: now,
        legs: excessCoveredLegs(payment, shares),
      });
    }
    payment.disputeLostMinor += coveredMinor;
    return coveredMinor;
  }
}
