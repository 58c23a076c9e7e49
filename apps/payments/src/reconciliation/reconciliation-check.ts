import type { EntityManager } from '@mikro-orm/postgresql';
import type { ReconciliationScope } from './reconciliation-scope.js';
import type { Difference } from './reconciliation.dto.js';

/** One part of the reconciliation. It only reads. */
export interface ReconciliationCheck {
  /** `em` is outside of any transaction, so a check may call a provider. */
  run(em: EntityManager, scope: ReconciliationScope): AsyncIterable<Difference>;
}

export const RECONCILIATION_CHECKS = Symbol('RECONCILIATION_CHECKS');
