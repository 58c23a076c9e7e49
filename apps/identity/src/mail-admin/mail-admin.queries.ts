import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { decodeCursor, page, type PageOf, Uuid } from '@roost/http';
import { z } from 'zod';
import type { AdminMailRow, AdminMailsQuery, MailState } from './mail-admin.dto.js';

const Cursor = z.tuple([Uuid]);

const columns = sql`id, about[1] AS "userId", recipient, template, attempts, last_error AS "lastError", text <> '' AS "hasTexts",
  created_at AS "createdAt", next_attempt_at AS "nextAttemptAt", sent_at AS "sentAt", given_up_at AS "givenUpAt"`;

/** Literal conditions: each is that of a partial index. */
const IN_STATE: Record<MailState, ReturnType<typeof sql>> = {
  waiting: sql`next_attempt_at IS NOT NULL`,
  sent: sql`sent_at IS NOT NULL`,
  given_up: sql`given_up_at IS NOT NULL`,
};

/** Newest first. */
export async function listMails(em: EntityManager, query: AdminMailsQuery): Promise<PageOf<AdminMailRow>> {
  const [lastId = null] = decodeCursor(query.cursor, Cursor) ?? [];
  const { id = null, userId = null, recipient = null, template = null, limit } = query;
  const { createdFrom: from = null, createdTo: to = null } = query;
  const rows = await em.execute<AdminMailRow[]>(sql`
    SELECT ${columns} FROM mail WHERE ${query.state ? IN_STATE[query.state] : sql`true`}
      AND (${id}::uuid IS NULL OR id = ${id}::uuid)
      AND (${userId}::uuid IS NULL OR about @> ARRAY[${userId}::uuid] AND about[1] = ${userId}::uuid)
      AND (${recipient}::text IS NULL OR recipient = ${recipient}::text)
      AND (${template}::text IS NULL OR template = ${template}::text)
      AND (${from}::timestamptz IS NULL OR created_at >= ${from}::timestamptz)
      AND (${to}::timestamptz IS NULL OR created_at < ${to}::timestamptz)
      AND (${lastId}::uuid IS NULL OR id < ${lastId}::uuid)
    ORDER BY id DESC LIMIT ${limit + 1}`);
  return page(rows, limit, (mail) => [mail.id]);
}

export async function lockMail(em: EntityManager, id: string): Promise<AdminMailRow | null> {
  const [row] = await em.execute<AdminMailRow[]>(
    sql`SELECT ${columns} FROM mail WHERE id = ${id} FOR UPDATE`,
  );
  return row ?? null;
}

/** Makes a mail due that was given up, with as many attempts as a new one. */
export async function sendAgain(em: EntityManager, id: string, now: Date): Promise<void> {
  await em.execute(sql`
    UPDATE mail SET given_up_at = NULL, next_attempt_at = ${now}, attempts = 0 WHERE id = ${id}`);
}
