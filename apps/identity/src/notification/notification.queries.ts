import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { Side, Template } from './domain/notification.js';

export interface StoredNotification {
  id: string;
  userId: string;
  side: Side | null;
  template: Template;
  /** Null for a message about a listing without a booking. */
  bookingId: string | null;
  facts: Record<string, unknown>;
  createdAt: Date;
}

/** How the processing of a notification ended. */
export type Outcome = 'mailed' | 'muted' | 'unreachable' | 'withdrawn' | 'outdated';

const columns = () =>
  sql`id, user_id AS "userId", side, template, booking_id AS "bookingId", facts, created_at AS "createdAt"`;

/** Returns null if the user already has a notification of this event and template. */
export async function insertNotification(
  em: EntityManager,
  notification: StoredNotification & { eventId: string; dueAt: Date },
): Promise<StoredNotification | null> {
  const { id, eventId, userId, side, template, bookingId, facts, createdAt, dueAt } = notification;
  const [inserted] = await em.execute<StoredNotification[]>(sql`
    INSERT INTO notification (id, event_id, user_id, side, template, booking_id, facts, created_at, due_at)
    VALUES (${id}, ${eventId}, ${userId}, ${side}, ${template}, ${bookingId}, ${JSON.stringify(facts)}::jsonb,
      ${createdAt}, ${dueAt})
    ON CONFLICT (event_id, user_id, template) DO NOTHING RETURNING ${columns()}`);
  return inserted ?? null;
}

export interface DueNotification {
  id: string;
  dueAt: Date;
}

/** Returns the due notifications after `after`, ordered by due time. */
export function findDueNotifications(
  em: EntityManager,
  now: Date,
  after: DueNotification | null,
  limit: number,
): Promise<DueNotification[]> {
  const page = after ? sql`AND (due_at, id) > (${after.dueAt}, ${after.id})` : sql``;
  return em.execute<DueNotification[]>(sql`
    SELECT id, due_at AS "dueAt" FROM notification
    WHERE processed_at IS NULL AND due_at <= ${now} ${page}
    ORDER BY due_at, id LIMIT ${limit}`);
}

/** Locks a notification. Returns null if another process holds it or has processed it. */
export async function claimNotification(em: EntityManager, id: string): Promise<StoredNotification | null> {
  const [claimed] = await em.execute<StoredNotification[]>(sql`
    SELECT ${columns()} FROM notification WHERE id = ${id} AND processed_at IS NULL FOR UPDATE SKIP LOCKED`);
  return claimed ?? null;
}

export async function finishNotification(
  em: EntityManager,
  id: string,
  outcome: Outcome,
  now: Date,
): Promise<void> {
  await em.execute(sql`UPDATE notification SET processed_at = ${now}, outcome = ${outcome} WHERE id = ${id}`);
}

/** Withdraws the unprocessed notifications of a booking and template. */
export async function withdrawNotifications(
  em: EntityManager,
  bookingId: string,
  template: Template,
  now: Date,
): Promise<void> {
  await em.execute(sql`
    UPDATE notification SET processed_at = ${now}, outcome = 'withdrawn'
    WHERE booking_id = ${bookingId} AND template = ${template} AND processed_at IS NULL`);
}

export const CLEARED_BATCH = 5_000;

/** Empties the facts of at most 5,000 notifications that were processed before an instant; returns how many. */
export async function clearFacts(em: EntityManager, before: Date): Promise<number> {
  const cleared = await em.execute<object[]>(sql`
    UPDATE notification SET facts = '{}' WHERE id IN (
      SELECT id FROM notification WHERE processed_at < ${before} AND facts <> '{}'
      LIMIT ${CLEARED_BATCH} FOR UPDATE SKIP LOCKED) RETURNING true`);
  return cleared.length;
}
