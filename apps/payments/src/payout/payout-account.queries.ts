import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { RetryTransaction } from '@roost/messaging';
import type { ProviderName } from '../provider/provider.port.js';

export interface PayoutAccount {
  id: string;
  hostId: string;
  currency: string;
  provider: ProviderName;
  /** Encrypted. */
  reference: string;
  referenceEnd: string;
  usableAt: Date;
  createdAt: Date;
}

/** The reference of an account whose host is erased: payouts refer to the row. */
export const ERASED_REFERENCE = '';

export const payoutAccountColumns =
  () => sql`id, host_id AS "hostId", currency, provider, reference, reference_end AS "referenceEnd",
  usable_at AS "usableAt", created_at AS "createdAt"`;

/** The current accounts of a host, by currency. */
export function currentAccounts(em: EntityManager, hostId: string): Promise<PayoutAccount[]> {
  return em.execute<PayoutAccount[]>(sql`
    SELECT ${payoutAccountColumns()} FROM payout_account WHERE host_id = ${hostId} AND replaced_at IS NULL ORDER BY currency`);
}

export async function currentAccount(
  em: EntityManager,
  hostId: string,
  currency: string,
): Promise<PayoutAccount | null> {
  const accounts = await currentAccounts(em, hostId);
  return accounts.find((account) => account.currency === currency) ?? null;
}

/** Replaces the current account of the host and currency. A concurrent change makes the transaction run again. */
export async function insertAccount(em: EntityManager, account: PayoutAccount): Promise<void> {
  const { id, hostId, currency, provider, reference, referenceEnd, usableAt, createdAt } = account;
  await em.execute(sql`
    UPDATE payout_account SET replaced_at = ${createdAt}
    WHERE host_id = ${hostId} AND currency = ${currency} AND replaced_at IS NULL`);
  const inserted = await em.execute<object[]>(sql`
    INSERT INTO payout_account (id, host_id, currency, provider, reference, reference_end, usable_at, created_at)
    VALUES (${id}, ${hostId}, ${currency}, ${provider}, ${reference}, ${referenceEnd}, ${usableAt}, ${createdAt})
    ON CONFLICT (host_id, currency) WHERE replaced_at IS NULL DO NOTHING RETURNING true`);
  if (inserted.length === 0) throw new RetryTransaction();
}

/**
 * Locks the usable account of a host and currency for a payout; null if there is none. A concurrent payout of the same
 * host fails with a serialization error, and its transaction runs again.
 */
export async function lockUsableAccount(
  em: EntityManager,
  { hostId, currency }: { hostId: string; currency: string },
  now: Date,
): Promise<PayoutAccount | null> {
  const [account] = await em.execute<PayoutAccount[]>(sql`
    UPDATE payout_account SET version = version + 1
    WHERE host_id = ${hostId} AND currency = ${currency} AND replaced_at IS NULL AND usable_at <= ${now}
    RETURNING ${payoutAccountColumns()}`);
  return account ?? null;
}

/** The accounts of a provider and currency, also those that were replaced but not erased ones, the newest first. */
export function accountsOf(em: EntityManager, provider: string, currency: string): Promise<PayoutAccount[]> {
  return em.execute<PayoutAccount[]>(sql`
    SELECT ${payoutAccountColumns()} FROM payout_account WHERE provider = ${provider} AND currency = ${currency}
      AND reference <> ${ERASED_REFERENCE}
    ORDER BY created_at DESC`);
}

/** As `lockUsableAccount`, for any account. */
export async function lockAccount(em: EntityManager, id: string): Promise<void> {
  await em.execute(sql`UPDATE payout_account SET version = version + 1 WHERE id = ${id}`);
}

/** Erases the accounts of a host, except those of payouts in transit; returns whether there are none. */
export async function erasePayoutAccounts(em: EntityManager, hostId: string): Promise<boolean> {
  await em.execute(sql`
    UPDATE payout_account a SET reference = ${ERASED_REFERENCE}, reference_end = '----', replaced_at = coalesce(replaced_at, now())
    WHERE host_id = ${hostId} AND reference <> ${ERASED_REFERENCE}
      AND NOT EXISTS (SELECT FROM payout p WHERE p.account_id = a.id AND p.status = 'in_transit')`);
  const left = await em.execute<object[]>(sql`
    SELECT FROM payout_account WHERE host_id = ${hostId} AND reference <> ${ERASED_REFERENCE}`);
  return left.length === 0;
}
