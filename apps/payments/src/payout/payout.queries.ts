import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { ProviderName } from '../provider/provider.port.js';
import type { PlannedLine } from './domain/payout-plan.js';
import type { PayoutStatus } from './domain/payout-state.js';
import type { HostCurrency } from './payout-booking.queries.js';

export interface Payout {
  id: string;
  hostId: string;
  currency: string;
  accountId: string;
  provider: ProviderName;
  providerRef: string | null;
  status: PayoutStatus;
  amountMinor: number;
  attempt: number;
  failureCode: string | null;
  dueAt: Date;
  retryAt: Date | null;
  tries: number;
  /** The code of a rejection that an earlier call with an unclear outcome may contradict. */
  rejection: string | null;
  createdAt: Date;
  finishedAt: Date | null;
  version: number;
}

export interface NewPayout extends HostCurrency {
  id: string;
  accountId: string;
  provider: ProviderName;
  amountMinor: number;
  attempt: number;
  dueAt: Date;
  createdAt: Date;
  startedAt: Date;
  lines: readonly PlannedLine[];
}

export interface PayoutLine {
  payoutId: string;
  bookingId: string;
  amountMinor: number;
}

export const payoutColumns =
  () => sql`p.id, p.host_id AS "hostId", p.currency, p.account_id AS "accountId", p.provider,
  p.provider_ref AS "providerRef", p.status, p.amount_minor AS "amountMinor", p.attempt,
  p.failure_code AS "failureCode", p.due_at AS "dueAt", p.retry_at AS "retryAt", p.tries,
  p.rejection, p.created_at AS "createdAt", p.finished_at AS "finishedAt", p.version`;

export async function insertPayout(em: EntityManager, payout: NewPayout): Promise<void> {
  const { id, hostId, currency, accountId, provider, amountMinor, attempt, dueAt, createdAt, startedAt } =
    payout;
  await em.execute(sql`
    INSERT INTO payout (id, host_id, currency, account_id, provider, status, amount_minor, attempt, due_at, call_at,
      started_at, created_at)
    VALUES (${id}, ${hostId}, ${currency}, ${accountId}, ${provider}, 'in_transit', ${amountMinor}, ${attempt}, ${dueAt},
      clock_timestamp(), ${startedAt}, ${createdAt})`);
  const rows = payout.lines.map(({ bookingId, amountMinor: amount, instalment }) => ({
    booking_id: bookingId,
    amount,
    instalment,
  }));
  await em.execute(sql`
    INSERT INTO payout_line (payout_id, booking_id, amount_minor, instalment)
    SELECT ${id}, x.booking_id, x.amount, x.instalment
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS x (booking_id uuid, amount bigint, instalment int)`);
}

export async function findPayout(em: EntityManager, id: string): Promise<Payout | null> {
  const [payout] = await em.execute<Payout[]>(
    sql`SELECT ${payoutColumns()} FROM payout p WHERE p.id = ${id}`,
  );
  return payout ?? null;
}

/** As `findPayout`, locked until the end of the transaction. */
export async function lockPayout(em: EntityManager, id: string): Promise<Payout | null> {
  const [payout] = await em.execute<Payout[]>(
    sql`SELECT ${payoutColumns()} FROM payout p WHERE p.id = ${id} FOR UPDATE`,
  );
  return payout ?? null;
}

/** The encrypted reference of the account that a payout goes to. */
export async function accountReference(em: EntityManager, accountId: string): Promise<string> {
  const [account] = await em.execute<{ reference: string }[]>(
    sql`SELECT reference FROM payout_account WHERE id = ${accountId}`,
  );
  if (!account) throw new Error(`There is no payout account ${accountId}`);
  return account.reference;
}

export async function findPayoutByRef(
  em: EntityManager,
  provider: string,
  ref: string,
): Promise<Payout | null> {
  const [payout] = await em.execute<Payout[]>(sql`
    SELECT ${payoutColumns()} FROM payout p WHERE p.provider = ${provider} AND p.provider_ref = ${ref}`);
  return payout ?? null;
}

/** The newest payout of a host and currency. */
export async function latestPayout(
  em: EntityManager,
  { hostId, currency }: HostCurrency,
): Promise<Payout | null> {
  const [payout] = await em.execute<Payout[]>(sql`
    SELECT ${payoutColumns()} FROM payout p WHERE p.host_id = ${hostId} AND p.currency = ${currency}
    ORDER BY p.id DESC LIMIT 1`);
  return payout ?? null;
}

export function linesOf(em: EntityManager, payoutIds: readonly string[]): Promise<PayoutLine[]> {
  return em.execute<PayoutLine[]>(sql`
    SELECT payout_id AS "payoutId", booking_id AS "bookingId", amount_minor AS "amountMinor" FROM payout_line
    WHERE payout_id = ANY(ARRAY[${[...payoutIds]}]::uuid[]) ORDER BY payout_id, booking_id`);
}

/**
 * Leases a payout in transit to this worker; null if it is finished, another worker holds its lease, or it must wait after
 * an unclear call: its job may arrive late.
 */
export async function claimPayout(
  em: EntityManager,
  id: string,
  leaseSeconds: number,
): Promise<(Payout & { reference: string }) | null> {
  const [payout] = await em.execute<(Payout & { reference: string })[]>(sql`
    UPDATE payout p
    SET tries = p.tries + 1, lease_until = clock_timestamp() + ${leaseSeconds} * interval '1 second'
    FROM payout_account a
    WHERE p.id = ${id} AND a.id = p.account_id AND p.status = 'in_transit'
      AND p.call_at <= clock_timestamp() AND (p.lease_until IS NULL OR p.lease_until < clock_timestamp())
    RETURNING ${payoutColumns()}, a.reference`);
  return payout ?? null;
}

/** Ends the lease of a payout in transit; its provider is called again after `waitSeconds`. */
export async function postponePayout(
  em: EntityManager,
  id: string,
  outcome: { waitSeconds: number; providerRef: string | null; rejection?: string },
): Promise<void> {
  const { waitSeconds, providerRef, rejection = null } = outcome;
  await em.execute(sql`
    UPDATE payout SET lease_until = NULL, call_at = clock_timestamp() + ${waitSeconds} * interval '1 second',
      provider_ref = coalesce(provider_ref, ${providerRef}), rejection = coalesce(${rejection}, rejection)
    WHERE id = ${id} AND status = 'in_transit'`);
}

/** The ids of payouts whose provider is to be called, oldest first. */
export async function payoutsToCall(em: EntityManager, limit: number): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(sql`
    SELECT id FROM payout WHERE status = 'in_transit' AND call_at <= clock_timestamp()
      AND (lease_until IS NULL OR lease_until < clock_timestamp()) ORDER BY call_at LIMIT ${limit}`);
  return rows.map(({ id }) => id);
}

export interface PayoutOutcome {
  status: 'paid' | 'failed';
  providerRef: string | null;
  failureCode: string | null;
  retryAt: Date | null;
  finishedAt: Date;
}

export async function finishPayout(em: EntityManager, id: string, outcome: PayoutOutcome): Promise<void> {
  const { status, providerRef, failureCode, retryAt, finishedAt } = outcome;
  await em.execute(sql`
    UPDATE payout SET status = ${status}, provider_ref = coalesce(provider_ref, ${providerRef}),
      failure_code = ${failureCode}, retry_at = ${retryAt}, finished_at = ${finishedAt}, lease_until = NULL,
      version = version + 1
    WHERE id = ${id}`);
}

/**
 * An operator has the payout tried again: the call of one in transit, or the next payout after a failed one. The wait after
 * a rejection that is not certain stays: it would otherwise become final too early.
 */
export async function retryNow(em: EntityManager, id: string, now: Date): Promise<void> {
  await em.execute(sql`
    UPDATE payout SET call_at = CASE WHEN rejection IS NULL THEN clock_timestamp() ELSE call_at END,
      retry_at = CASE WHEN status = 'failed' THEN ${now}::timestamptz END, version = version + 1
    WHERE id = ${id}`);
}
