import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { SystemClock } from '@roost/platform';
import type { ReconciliationCheck } from './reconciliation-check.js';
import { difference, type Difference } from './reconciliation.dto.js';
import { stuckWork } from './reconciliation.queries.js';
import { STUCK_MINUTES, stuckSince } from './stuck-since.js';

/** No operation and no webhook stays unfinished. */
@Injectable()
export class StuckWorkCheck implements ReconciliationCheck {
  constructor(private readonly clock: SystemClock) {}

  async *run(em: EntityManager): AsyncIterable<Difference> {
    const rows = await stuckWork(em, stuckSince(this.clock.now()));
    yield* rows.map((row) =>
      difference(row.kind, `Unfinished for more than ${STUCK_MINUTES} minutes: ${row.what}`, {
        paymentId: row.payment_id,
      }),
    );
  }
}
