import type { EntityManager } from '@mikro-orm/postgresql';
import type { TransactionOptions } from '@roost/messaging';

/** Erases the personal data of a user in one service. */
export abstract class Erasure {
  /** `read committed` only if it publishes no state event. */
  readonly isolation: NonNullable<TransactionOptions['isolation']> = 'repeatable read';

  /** Repeatable. Returns false if some data can't be erased yet: it is called again a minute later. */
  abstract erase(em: EntityManager, userId: string): Promise<boolean>;
}
