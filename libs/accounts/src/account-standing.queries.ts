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

/** A condition for statements: the user is neither suspended nor erased. A user without a row is active. */
export const accountIsActive = (userId: unknown) =>
  sql`NOT EXISTS (SELECT FROM account_standing a WHERE a.user_id = ${userId} AND a.status <> 'active')`;

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
    WHERE user_id = ANY(ARRAY[${userIds}]::uuid[]) AND status <> 'active'`);
  return new Set(rows.map(({ id }) => id));
}
