import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { currentRequest, decodeCursor, page, type PageOf, Uuid } from '@roost/http';
import { uuidv7 } from '@roost/platform';
import type { AccountAction, AccountActor } from './account-action.js';
import type { AccountActionDetails, AccountLogEntry, AccountLogQuery } from './account-log.dto.js';
import { networkInCidr, userAgentOf } from './request-origin.js';

export interface RecordedAction {
  userId: string;
  action: AccountAction;
  /** The user by default. Of others, neither network nor device is recorded. */
  actor?: AccountActor;
  details?: AccountActionDetails;
}

/**
 * Records an action in the log of an account. Call it in the transaction of the action, after its changes of the account.
 * The lock makes it conflict with a concurrent erasure, which deletes the log.
 */
export async function recordAccountAction(
  em: EntityManager,
  { userId, action, actor = 'user', details = {} }: RecordedAction,
  at: Date,
): Promise<void> {
  const context = actor === 'user' ? currentRequest() : undefined;
  // A log-out can have the access token of another user.
  const sessionId = context?.user?.id === userId ? context.user.sessionId : null;
  await em.execute(sql`
    INSERT INTO account_log_entry (id, user_id, at, action, actor, session_id, network, user_agent, details)
    SELECT ${uuidv7()}, id, ${at}, ${action}, ${actor}, ${sessionId},
      ${context ? networkInCidr(context.request.ip) : null}, ${context ? userAgentOf(context.request) : null},
      ${JSON.stringify(details)}::jsonb
    FROM user_account WHERE id = ${userId} AND status <> 'erased' FOR SHARE`);
}

/** Newest first. */
export async function listAccountLog(
  em: EntityManager,
  userId: string,
  { action, cursor, limit }: AccountLogQuery,
): Promise<PageOf<AccountLogEntry>> {
  const before = decodeCursor(cursor, Uuid);
  const rows = await em.execute<(Omit<AccountLogEntry, 'at'> & { at: Date })[]>(sql`
    SELECT id, at, action, actor, session_id AS "sessionId", network, user_agent AS "userAgent", details
    FROM account_log_entry WHERE user_id = ${userId}
      AND (${action ?? null}::text IS NULL OR action = ${action ?? null}::text)
      AND (${before}::uuid IS NULL OR id < ${before}::uuid)
    ORDER BY id DESC LIMIT ${limit + 1}`);
  const found = page(rows, limit, ({ id }) => id);
  return { ...found, data: found.data.map((row) => ({ ...row, at: row.at.toISOString() })) };
}
