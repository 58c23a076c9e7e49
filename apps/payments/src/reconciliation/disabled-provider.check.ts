import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Providers } from '../provider/providers.js';
import type { ReconciliationCheck } from './reconciliation-check.js';
import { difference, type Difference } from './reconciliation.dto.js';
import { moneyAtOtherProviders } from './reconciliation.queries.js';

/** The money of a provider that is not enabled can be neither compared nor refunded nor paid out. */
@Injectable()
export class DisabledProviderCheck implements ReconciliationCheck {
  constructor(private readonly providers: Providers) {}

  async *run(em: EntityManager): AsyncIterable<Difference> {
    const rows = await moneyAtOtherProviders(
      em,
      this.providers.all.map(({ name }) => name),
    );
    yield* rows.map(({ provider, currency, count, found }) =>
      difference(
        'provider.not_enabled',
        `${count} payments or payouts at ${provider}, which is not enabled`,
        {
          currency,
          foundMinor: found,
        },
      ),
    );
  }
}
