import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { RetryTransaction } from '@roost/messaging';
import { AccountIds } from './account-ids.service.js';
import type { Leg } from './domain/posting.js';
import { insertMovements, type NewMovements } from './ledger.queries.js';

const FOREIGN_KEY_VIOLATION = '23503';

export interface Posting {
  /** Names the business action. Posting the same key again changes nothing. */
  key: string;
  currency: string;
  paymentId: string | null;
  bookingId: string | null;
  occurredAt: Date;
  legs: readonly Leg[];
}

/** Posts to the ledger. Movements are never changed: a mistake is corrected by a reverse movement. */
@Injectable()
export class LedgerService {
  constructor(private readonly accounts: AccountIds) {}

  /** Posts movements of a payment, see `post`. */
  postOf(
    em: EntityManager,
    { id: paymentId, bookingId, currency }: { id: string; bookingId: string; currency: string },
    posting: Pick<Posting, 'key' | 'legs' | 'occurredAt'>,
  ): Promise<void> {
    return this.post(em, { ...posting, paymentId, bookingId, currency });
  }

  /** Call it in the transaction that stores the cause of the movements. */
  async post(em: EntityManager, posting: Posting): Promise<void> {
    if (posting.legs.length === 0) return;
    const idOf = await this.accounts.of(em, posting.currency, posting.legs);
    await insertVisible(em, {
      ...posting,
      legs: posting.legs.map(({ debit, credit, amountMinor }) => ({
        debitId: idOf(debit),
        creditId: idOf(credit),
        amountMinor,
      })),
    });
  }
}

/**
 * Another transaction may have created an account after the snapshot of this one. PostgreSQL reports the account as missing
 * then; it is a lost race, and the transaction is run again with a new snapshot.
 */
async function insertVisible(em: EntityManager, movements: NewMovements): Promise<void> {
  try {
    await insertMovements(em, movements);
  } catch (error) {
    if ((error as { code?: string }).code !== FOREIGN_KEY_VIOLATION) throw error;
    throw new RetryTransaction('An account is newer than the snapshot', { cause: error });
  }
}
