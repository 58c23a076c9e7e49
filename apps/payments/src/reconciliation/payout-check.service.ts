import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { SystemClock } from '@roost/platform';
import { Providers } from '../provider/providers.js';
import {
  inTransitDifferences,
  overpaidBookings,
  payoutMovementDifferences,
  stuckPayouts,
} from './payout-check.queries.js';
import type { ReconciliationCheck } from './reconciliation-check.js';
import type { ReconciliationScope } from './reconciliation-scope.js';
import { difference, type Difference } from './reconciliation.dto.js';
import { TransferComparison } from './transfer-comparison.service.js';
import { orUnreachable } from './unreachable-provider.js';

const UNANSWERED_MINUTES = 5;
const PENDING_DAYS = 3;
const FAILURES = 3;
const MINUTE_MS = 60_000;

/** Checks that payouts, the ledger and the transfers of the providers agree. */
@Injectable()
export class PayoutCheck implements ReconciliationCheck {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly providers: Providers,
    private readonly transfers: TransferComparison,
    private readonly clock: SystemClock,
  ) {}

  async *run(_em: EntityManager, scope: ReconciliationScope): AsyncIterable<Difference> {
    yield* await this.ledger();
    yield* await this.stuck();
    for (const { name, transfers } of this.providers.all) {
      if (!transfers) continue;
      yield* orUnreachable(name, 'transfers', this.transfers.compare(name, transfers, scope));
    }
  }

  private async ledger(): Promise<Difference[]> {
    // One snapshot for all statements: a concurrent write is no difference.
    const { movements, inTransit, overpaid } = await this.transactions.run(async (em) => ({
      movements: await payoutMovementDifferences(em),
      inTransit: await inTransitDifferences(em),
      overpaid: await overpaidBookings(em),
    }));
    return [
      ...movements.map(({ id, provider_ref: providerRef, what, ...row }) =>
        difference('payout.without_movement', `Payout ${id} and its movements differ in the amount ${what}`, {
          providerRef,
          ...amountsOf(row),
        }),
      ),
      ...inTransit.map((row) =>
        difference(
          'payout.without_movement',
          `The money in transit to host ${row.host_id} and their payouts in transit differ`,
          amountsOf(row),
        ),
      ),
      ...overpaid.map((row) =>
        difference(
          'host.overpaid',
          `Host ${row.host_id} was paid more than they earned with booking ${row.booking_id}`,
          amountsOf(row),
        ),
      ),
    ];
  }

  private async stuck(): Promise<Difference[]> {
    const now = this.clock.now().getTime();
    const rows = await stuckPayouts(this.orm.em.fork(), {
      unanswered: new Date(now - UNANSWERED_MINUTES * MINUTE_MS),
      pending: new Date(now - PENDING_DAYS * 24 * 60 * MINUTE_MS),
      failures: FAILURES,
    });
    return rows.map((row) =>
      difference('payout.stuck', `${row.what} (payout ${row.id})`, {
        providerRef: row.provider_ref,
        currency: row.currency,
        expectedMinor: row.amount,
        foundMinor: 0,
      }),
    );
  }
}

const amountsOf = ({ currency, expected, found }: { currency: string; expected: number; found: number }) => ({
  currency,
  expectedMinor: expected,
  foundMinor: found,
});
