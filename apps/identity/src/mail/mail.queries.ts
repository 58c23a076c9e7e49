import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { ClaimedMessage } from '../delivery/delivery-queue.js';

/** A mail that one replica has claimed for one attempt. */
export interface ClaimedMail extends ClaimedMessage {
  recipient: string;
  subject: string;
  text: string;
  html: string;
}

/**
 * Claims the mail that has been due for longest: counts an attempt and sets the next one after `firstPauseSeconds`,
 * doubled with each attempt.
 */
export async function claimDueMail(
  em: EntityManager,
  now: Date,
  firstPauseSeconds: number,
): Promise<ClaimedMail | undefined> {
  const [mail] = await em.execute<ClaimedMail[]>(sql`
    UPDATE mail SET attempts = attempts + 1,
      next_attempt_at = ${now}::timestamptz + make_interval(secs => ${firstPauseSeconds} * power(2, attempts))
    WHERE id = (SELECT id FROM mail WHERE next_attempt_at <= ${now} ORDER BY next_attempt_at LIMIT 1
      FOR UPDATE SKIP LOCKED)
    RETURNING id, recipient, subject, text, html, attempts`);
  return mail;
}

/** Ends the delivery of a mail and deletes its text. */
export async function finishMail(
  em: EntityManager,
  id: string,
  column: 'sent_at' | 'given_up_at',
  now: Date,
): Promise<void> {
  await em.execute(sql`
    UPDATE mail SET ${sql.ref(column)} = ${now}, next_attempt_at = NULL, text = '', html = '' WHERE id = ${id}`);
}

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
