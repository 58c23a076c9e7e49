import type { EntityManager } from '@mikro-orm/postgresql';

/** A service provides it from a global module to act in the transaction that changes the standing of an account. */
export abstract class StandingChange {
  abstract changed(em: EntityManager, userId: string): Promise<void>;
}
