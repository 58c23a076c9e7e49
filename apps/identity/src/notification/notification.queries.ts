import type { EntityManager } from '@mikro-orm/postgresql';
import type { Side, Template } from './domain/notification.js';

export interface Notification {
  id: string;
  userId: string;
  side: Side | null;
  template: Template;
  /** Null for an enquiry. */
  bookingId: string | null;
  facts: Record<string, unknown>;
  createdAt: Date;
}

export type Outcome = 'mailed' | 'muted' | 'unreachable' | 'withdrawn' | 'outdated';

const columns = `id, user_id AS "userId", side, template, booking_id AS "bookingId", facts, created_at AS "createdAt"`;

/** Null when this event has been told to this user already. */
export async function addNotification(
  em: EntityManager,
  notification: Notification & { eventId: string; dueAt: Date },
): Promise<Notification | null> {
  const [added] = await em.execute<Notification[]>(
    `INSERT INTO notification (id, event_id, user_id, side, template, booking_id, facts, created_at, due_at)
     VALUES (?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?)
     ON CONFLICT (event_id, user_id, template) DO NOTHING RETURNING ${columns}`,
    [
      notification.id,
      notification.eventId,
      notification.userId,
      notification.side,
      notification.template,
      notification.bookingId,
      JSON.stringify(notification.facts),
      notification.createdAt,
      notification.dueAt,
    ],
  );
  return added ?? null;
}

export interface Due {
  id: string;
  dueAt: Date;
}

/** What is due, oldest first, after the last one that was seen. */
export function dueNotifications(
  em: EntityManager,
  now: Date,
  after: Due | null,
  limit: number,
): Promise<Due[]> {
  return em.execute<Due[]>(
    `SELECT id, due_at AS "dueAt" FROM notification
     WHERE settled_at IS NULL AND due_at <= ? ${after ? 'AND (due_at, id) > (?, ?)' : ''}
     ORDER BY due_at, id LIMIT ?`,
    [now, ...(after ? [after.dueAt, after.id] : []), limit],
  );
}

/** Null when somebody else has it or has settled it. */
export async function claimNotification(em: EntityManager, id: string): Promise<Notification | null> {
  const [claimed] = await em.execute<Notification[]>(
    `SELECT ${columns} FROM notification WHERE id = ? AND settled_at IS NULL FOR UPDATE SKIP LOCKED`,
    [id],
  );
  return claimed ?? null;
}

export async function settleNotification(
  em: EntityManager,
  id: string,
  outcome: Outcome,
  now: Date,
): Promise<void> {
  await em.execute('UPDATE notification SET settled_at = ?, outcome = ? WHERE id = ?', [now, outcome, id]);
}

/** What was going to be told about a booking is no longer so. */
export async function withdrawNotifications(
  em: EntityManager,
  bookingId: string,
  template: Template,
  now: Date,
): Promise<void> {
  await em.execute(
    `UPDATE notification SET settled_at = ?, outcome = 'withdrawn'
     WHERE booking_id = ? AND template = ? AND settled_at IS NULL`,
    [now, bookingId, template],
  );
}
