import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { findUnnumberedEntities, lockCounter, numberPapers } from './paper.queries.js';

const BATCH_SIZE = 500;

/**
 * Numbers committed papers, per legal entity without gaps. Not in the transaction that issues them: captures would wait for
 * one row, and under REPEATABLE READ each would fail that meets another one. See ADR 30.
 */
@Injectable()
export class PaperNumberer {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
  ) {}

  /** Numbers every paper that is committed when it is called. */
  async run(): Promise<void> {
    for (const legalEntity of await findUnnumberedEntities(this.orm.em.fork())) {
      while ((await this.numberBatch(legalEntity)) === BATCH_SIZE);
    }
  }

  private numberBatch(legalEntity: string): Promise<number> {
    return this.transactions.run(
      async (em) => numberPapers(em, legalEntity, await lockCounter(em, legalEntity), BATCH_SIZE),
      { isolation: 'read committed' },
    );
  }
}
