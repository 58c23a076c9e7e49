import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { Account, Leg } from './domain/posting.js';
import { findAccounts, insertAccounts, insertMovements } from './ledger.queries.js';

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
  /** Call it in the transaction that stores the cause of the movements. */
  async post(em: EntityManager, posting: Posting): Promise<void> {
    if (posting.legs.length === 0) return;
    const ids = await this.accountIds(em, posting);
    const idOf = (account: Account): number => {
      const id = ids.get(nameOf(account));
      if (id === undefined) throw new Error(`The ledger account ${nameOf(account)} is missing`);
      return id;
    };
    await insertMovements(em, {
      ...posting,
      legs: posting.legs.map(({ debit, credit, amountMinor }) => ({
        debitId: idOf(debit),
        creditId: idOf(credit),
        amountMinor,
      })),
    });
  }

  /** The ids of all accounts of a posting by name; creates the missing accounts. */
  private async accountIds(em: EntityManager, posting: Posting): Promise<Map<string, number>> {
    const accounts = new Map<string, Account>();
    for (const { debit, credit } of posting.legs) {
      accounts.set(nameOf(debit), debit);
      accounts.set(nameOf(credit), credit);
    }
    const existing = await this.find(em, posting.currency, [...accounts.values()]);
    // In a fixed order: otherwise two transactions that create the same accounts could deadlock.
    const missing = [...accounts.keys()]
      .filter((name) => !existing.has(name))
      .sort()
      .flatMap((name) => accounts.get(name) ?? []);
    if (missing.length === 0) return existing;
    await insertAccounts(em, posting.currency, missing);
    return this.find(em, posting.currency, [...accounts.values()]);
  }

  private async find(em: EntityManager, currency: string, accounts: Account[]): Promise<Map<string, number>> {
    const rows = await findAccounts(em, currency, accounts);
    return new Map(rows.map((row) => [nameOf({ code: row.code, ownerId: row.owner_id }), row.id]));
  }
}

const nameOf = (account: Account) => `${account.code}/${account.ownerId ?? ''}`;
