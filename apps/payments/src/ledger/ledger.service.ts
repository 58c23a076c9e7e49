import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { Account, Leg } from './domain/posting.js';

export interface Posting {
  /** Names what happened; posting the same thing twice is posting it once. */
  key: string;
  currency: string;
  paymentId: string | null;
  bookingId: string | null;
  occurredAt: Date;
  legs: readonly Leg[];
}

/** Writes the ledger. It is never changed: a mistake is a movement back. */
@Injectable()
export class LedgerService {
  /** Belongs into the transaction that records what the movements are about. */
  async post(em: EntityManager, posting: Posting): Promise<void> {
    if (posting.legs.length === 0) return;
    const ids = await this.accounts(em, posting);
    const rows = posting.legs.map((leg, index) => [
      posting.key,
      index + 1,
      ids.get(nameOf(leg.debit)),
      ids.get(nameOf(leg.credit)),
      posting.currency,
      leg.amountMinor,
      posting.paymentId,
      posting.bookingId,
      posting.occurredAt,
    ]);
    await em.execute(
      `INSERT INTO movement (key, leg, debit_id, credit_id, currency, amount_minor, payment_id, booking_id, occurred_at)
       VALUES ${rows.map(() => '(?, ?, ?, ?, ?, ?, ?, ?, ?)').join(', ')} ON CONFLICT (key, leg) DO NOTHING`,
      rows.flat(),
      'run',
    );
  }

  private async accounts(em: EntityManager, posting: Posting): Promise<Map<string, number>> {
    const wanted = new Map<string, Account>();
    for (const { debit, credit } of posting.legs) {
      wanted.set(nameOf(debit), debit);
      wanted.set(nameOf(credit), credit);
    }
    const known = await this.find(em, posting.currency, [...wanted.values()]);
    // In one order, so that two who open the same accounts at once never wait for each other.
    const missing = [...wanted.keys()]
      .filter((name) => !known.has(name))
      .sort()
      .flatMap((name) => wanted.get(name) ?? []);
    if (missing.length === 0) return known;
    await em.execute(
      `INSERT INTO ledger_account (code, owner_id, currency) VALUES ${missing.map(() => '(?, ?::uuid, ?)').join(', ')}
       ON CONFLICT DO NOTHING`,
      missing.flatMap((account) => [account.code, account.ownerId, posting.currency]),
      'run',
    );
    return this.find(em, posting.currency, [...wanted.values()]);
  }

  private async find(em: EntityManager, currency: string, accounts: Account[]): Promise<Map<string, number>> {
    const rows = await em.execute<{ id: number; code: Account['code']; owner_id: string | null }[]>(
      `SELECT id, code, owner_id FROM ledger_account WHERE currency = ?
         AND (${accounts.map(() => '(code = ? AND owner_id IS NOT DISTINCT FROM ?::uuid)').join(' OR ')})`,
      [currency, ...accounts.flatMap((account) => [account.code, account.ownerId])],
    );
    return new Map(rows.map((row) => [nameOf({ code: row.code, ownerId: row.owner_id }), row.id]));
  }
}

const nameOf = (account: Account) => `${account.code}/${account.ownerId ?? ''}`;
