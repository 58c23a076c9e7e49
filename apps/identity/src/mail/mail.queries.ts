import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { ClaimedMessage, MessageTable } from '../delivery/delivery.queries.js';

/** A mail that one replica has claimed for one attempt. */
export interface ClaimedMail extends ClaimedMessage {
  recipient: string;
  template: string;
  subject: string;
  text: string;
  html: string;
}

export const MAIL_TABLE: MessageTable = {
  name: 'mail',
  columns: 'recipient, template, subject, text, html',
  texts: ['text', 'html'],
};

export interface WaitingMails {
  count: number;
  /** 0 without waiting mails. */
  oldestSeconds: number;
}

/** The mails that are still to be sent; reads a partial index. */
export async function readWaitingMails(em: EntityManager): Promise<WaitingMails> {
  const [mails] = await em.execute<WaitingMails[]>(sql`
    SELECT count(*)::float8 AS count,
      coalesce(extract(epoch FROM clock_timestamp() - min(created_at))::float8, 0) AS "oldestSeconds"
    FROM mail WHERE next_attempt_at IS NOT NULL`);
  if (!mails) throw new Error('PostgreSQL returned no row');
  return mails;
}

/**
 * Deletes the mails to a user, and the stored copies of mails with their name to others. Returns whether none is left: a
 * mail to another user that is still to be sent is not deleted; its text is deleted when it is sent.
 */
export async function deleteMailsAbout(em: EntityManager, userId: string): Promise<boolean> {
  await em.execute(sql`
    DELETE FROM mail WHERE about @> ARRAY[${userId}]::uuid[] AND (about[1] = ${userId} OR next_attempt_at IS NULL)`);
  const left = await em.execute<object[]>(sql`
    SELECT FROM mail WHERE about @> ARRAY[${userId}]::uuid[] LIMIT 1`);
  return left.length === 0;
}

/** Deletes the mails to an address: mails from before `about` existed have only that. */
export async function deleteMailsTo(em: EntityManager, recipient: string): Promise<void> {
  await em.execute(sql`DELETE FROM mail WHERE recipient = ${recipient}`);
}
