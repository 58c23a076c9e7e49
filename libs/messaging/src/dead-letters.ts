import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import {
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterSummary,
  discardDeadLetter,
  firstDeadLetter,
  firstOfKey,
  listDeadLetters,
  lockKey,
  markForRedrive,
} from './dead-letter.queries.js';
import { Transactions } from './transactions.js';

/** Events that could not be handled, and the events queued behind them. For operators. */
@Injectable()
export class DeadLetters {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
  ) {}

  /** In the order in which they will be handled, from the first one after the position `after`. Without the bodies. */
  async list(filter: DeadLetterFilter = {}, limit = 100, after?: string): Promise<DeadLetterSummary[]> {
    return listDeadLetters(this.orm.em.fork(), filter, limit, after);
  }

  /** One by its event id, with the body of the event. */
  async find(id: string): Promise<DeadLetter | null> {
    return firstDeadLetter(this.orm.em.fork(), { id });
  }

  /**
   * Requests that the service (this process or another) handles the keys of the matching dead letters again, each key
   * in order. Returns how many dead letters are marked: all of each key.
   */
  async redrive(filter: DeadLetterFilter = {}): Promise<number> {
    return this.transactions.run((em) => markForRedrive(em, filter), { isolation: 'read committed' });
  }

  /**
   * Discards one event: it counts as handled, and the events queued behind it are redriven, unless the next one has
   * failed itself. Returns false if there is no such dead letter.
   */
  async discard(id: string): Promise<boolean> {
    return this.transactions.run(
      async (em) => {
        const [found] = await listDeadLetters(em, { id }, 1);
        if (!found) return false;
        const { topic, key } = found;
        await lockKey(em, { topic, key });
        if (!(await discardDeadLetter(em, id))) return false;
        const next = await firstOfKey(em, { topic, key });
        if (next?.code === null) await markForRedrive(em, { topic, key });
        return true;
      },
      { isolation: 'read committed' },
    );
  }
}
