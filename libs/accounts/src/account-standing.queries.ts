import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { EventBody, UserEvent } from '@roost/contracts';
import { mirror } from '@roost/messaging';
import { Problem } from '@roost/platform';

/** Stores the standing of an `identity.user` event, unless a newer version is stored. */
export async function mirrorAccountStanding(
  em: EntityManager,
  { userId, status }: EventBody<UserEvent>,
  version: number,
): Promise<void> {
  await mirror(em, { table: 'account_standing', key: { user_id: userId }, version, values: { status } });
}

/** Whether the event has another standing than the stored one. A user without a row is active. */
export async function changesStanding(
  em: EntityManager,
  { userId, status }: EventBody<UserEvent>,
): Promise<boolean> {
  const [row] = await em.execute<{ status: string }[]>(
    sql`SELECT status FROM account_standing WHERE user_id = ${userId}`,
  );
  return status !== (row?.status ?? 'active');
}

/**
 * A condition for statements: the user is neither suspended nor erased. A user without a row is active. An erased user has
 * a row in `account_erasure` also after a rebuild of `account_standing`.
 */
export const accountIsActive = (userId: unknown) =>
  sql`(NOT EXISTS (SELECT FROM account_standing a WHERE a.user_id = ${userId} AND a.status <> 'active')
    AND NOT EXISTS (SELECT FROM account_erasure e WHERE e.user_id = ${userId}))`;

/** Whether the user may act: neither suspended nor erased. */
export async function isActiveAccount(em: EntityManager, userId: string): Promise<boolean> {
  const [row] = await em.execute<[{ active: boolean }]>(sql`SELECT ${accountIsActive(userId)} AS active`);
  return row.active;
}

/** Throws 403 `account.suspended` for a suspended or erased user. */
export async function requireActiveAccount(em: EntityManager, userId: string): Promise<void> {
  if (!(await isActiveAccount(em, userId))) throw new Problem('account.suspended');
}

/** The suspended and erased users among these. */
export async function inactiveAccounts(em: EntityManager, userIds: readonly string[]): Promise<Set<string>> {
  const rows = await em.execute<{ id: string }[]>(sql`
    SELECT user_id AS id FROM account_standing
    WHERE user_id = ANY(ARRAY[${userIds}]::uuid[]) AND status <> 'active'
    UNION SELECT user_id FROM account_erasure WHERE user_id = ANY(ARRAY[${userIds}]::uuid[])`);
  return new Set(rows.map(({ id }) => id));
}

/**
 * Whether the service has handled `user.erased`: its mirrors then have no name of the user, and get none later. False for a
 * user whose events are still on their way.
 */
export async function isErasedAccount(em: EntityManager, userId: string): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    SELECT FROM account_standing WHERE user_id = ${userId} AND status = 'erased'`);
  return rows.length > 0;
}
