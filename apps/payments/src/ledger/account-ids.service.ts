import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import type { Account, Leg } from './domain/posting.js';
import { findAccounts, insertAccounts } from './ledger.queries.js';

const MAX_CACHED = 20_000;

/**
 * The ids of the accounts. An account is never changed or deleted, so the ids of committed accounts are kept in the
 * process. The table is never read for a posting between parties that have been posted before.
 */
@Injectable()
export class AccountIds {
  private readonly committed = new Map<string, number>();

  constructor(private readonly transactions: Transactions) {}

  /** The id of each account of the legs. Creates the missing accounts. */
  async of(em: EntityManager, currency: string, legs: readonly Leg[]): Promise<(account: Account) => number> {
    const accounts = new Map<string, Account>();
    for (const { debit, credit } of legs) {
      accounts.set(nameOf(debit, currency), debit);
      accounts.set(nameOf(credit, currency), credit);
    }
    const ids = this.cached(accounts) ?? (await this.read(em, currency, accounts));
    return (account) => {
      const id = ids.get(nameOf(account, currency));
      if (id === undefined) throw new Error(`The ledger account ${nameOf(account, currency)} is missing`);
      return id;
    };
  }

  /** A copy: the cache may be cleared before the ids are used. Null if one is missing. */
  private cached(accounts: ReadonlyMap<string, Account>): ReadonlyMap<string, number> | null {
    const ids = new Map<string, number>();
    for (const name of accounts.keys()) {
      const id = this.committed.get(name);
      if (id === undefined) return null;
      ids.set(name, id);
    }
    return ids;
  }

  private async read(
    em: EntityManager,
    currency: string,
    accounts: ReadonlyMap<string, Account>,
  ): Promise<ReadonlyMap<string, number>> {
    let found = await this.find(em, currency, accounts);
    // In a fixed order: otherwise two transactions that create the same accounts could deadlock.
    const missing = [...accounts]
      .filter(([name]) => !found.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, account]) => account);
    if (missing.length > 0) {
      await insertAccounts(em, currency, missing);
      found = await this.find(em, currency, accounts);
    }
    // Not before: this transaction may have created them, and may still roll back.
    this.transactions.afterCommit(() => this.keep(found));
    return found;
  }

  private async find(
    em: EntityManager,
    currency: string,
    accounts: ReadonlyMap<string, Account>,
  ): Promise<ReadonlyMap<string, number>> {
    const rows = await findAccounts(em, currency, [...accounts.values()]);
    return new Map(rows.map((row) => [nameOf({ code: row.code, ownerId: row.owner_id }, currency), row.id]));
  }

  private keep(found: ReadonlyMap<string, number>): void {
    if (this.committed.size + found.size > MAX_CACHED) this.committed.clear();
    for (const [name, id] of found) this.committed.set(name, id);
  }
}

const nameOf = ({ code, ownerId }: Account, currency: string) => `${code}/${ownerId ?? ''}/${currency}`;
