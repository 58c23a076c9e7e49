import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { Account, Leg } from './domain/posting.js';
import { insertAccounts, insertMovements } from './ledger.queries.js';

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
  /** Call it in the transaction that stores the cause of the movements. Creates missing accounts. */
  async post(em: EntityManager, posting: Posting): Promise<void> {
    if (posting.legs.length === 0) return;
    if (await insertMovements(em, posting)) return;
    await insertAccounts(em, posting.currency, accountsOf(posting.legs));
    if (await insertMovements(em, posting)) return;
    throw new Error(`An account of the ledger transaction ${posting.key} is missing`);
  }
}

/** In a fixed order: otherwise two transactions that create the same accounts could deadlock. */
function accountsOf(legs: readonly Leg[]): Account[] {
  const accounts = new Map<string, Account>();
  for (const { debit, credit } of legs) {
    accounts.set(nameOf(debit), debit);
    accounts.set(nameOf(credit), credit);
  }
  return [...accounts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, account]) => account);
}

const nameOf = (account: Account) => `${account.code}/${account.ownerId ?? ''}`;
