import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { decodeCursor, Instant, page, type PageOf, Uuid } from '@roost/http';
import { prefixPattern } from '@roost/platform';
import { z } from 'zod';
import { User } from '../account/user.entity.js';
import type { AdminUsersQuery, SuspensionView } from './user-admin.dto.js';

const Cursor = z.tuple([Instant, Uuid]);

/** Newest first. */
export async function listUsers(em: EntityManager, query: AdminUsersQuery): Promise<PageOf<User>> {
  const [at, lastId] = decodeCursor(query.cursor, Cursor) ?? [null, null];
  const { id = null, email = null, phone = null, status = null, role = null, limit } = query;
  const { createdFrom: from = null, createdTo: to = null } = query;
  const prefix = query.q === undefined ? null : prefixPattern(query.q);
  const rows = await em.execute<object[]>(sql`
    SELECT * FROM user_account WHERE (${id}::uuid IS NULL OR id = ${id}::uuid)
      AND (${email}::text IS NULL OR email = ${email}::text)
      AND (${phone}::text IS NULL OR phone = ${phone}::text)
      AND (${prefix}::text IS NULL
        OR lower(email) LIKE lower(${prefix}::text) OR lower(display_name) LIKE lower(${prefix}::text))
      AND (${status}::text IS NULL OR status = ${status}::text)
      AND (${role}::text IS NULL OR ${role}::text = ANY (roles))
      AND (${from}::timestamptz IS NULL OR created_at >= ${from}::timestamptz)
      AND (${to}::timestamptz IS NULL OR created_at < ${to}::timestamptz)
      AND (${at}::timestamptz IS NULL OR (created_at, id) < (${at}::timestamptz, ${lastId}::uuid))
    ORDER BY created_at DESC, id DESC LIMIT ${limit + 1}`);
  return page(
    rows.map((row) => em.map(User, row)),
    limit,
    (user) => [user.createdAt.toISOString(), user.id],
  );
}

/** The suspensions and reinstatements of a user in the audit log, newest first. */
export async function findSuspensions(
  em: EntityManager,
  userId: string,
  limit: number,
): Promise<SuspensionView[]> {
  const rows = await em.execute<(Omit<SuspensionView, 'at'> & { at: Date })[]>(sql`
    SELECT at, admin_id AS "adminId", action, reason FROM admin_action
    WHERE subject_id = ${userId} AND action IN ('user.suspend', 'user.reinstate')
    ORDER BY at DESC, id DESC LIMIT ${limit}`);
  return rows.map(({ at, ...suspension }) => ({ at: at.toISOString(), ...suspension }));
}
