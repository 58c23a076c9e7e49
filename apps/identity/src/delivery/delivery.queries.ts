import { type EntityManager, raw, sql } from '@mikro-orm/postgresql';

/** A table whose rows are messages, with the columns of their delivery. */
export interface MessageTable {
  name: 'mail' | 'phone_code';
  /** What is selected of a claimed message, beside `id` and `attempts`. */
  columns: string;
  /** The columns that are emptied at the end of the delivery, unless the message keeps its texts. */
  texts: readonly string[];
}

/** A message that one replica has claimed for one attempt. */
export interface ClaimedMessage {
  id: string;
  /** Including the claimed attempt. */
  attempts: number;
}

/**
 * Claims the message that has been due for longest: counts an attempt and sets the next one after `firstPauseSeconds`,
 * doubled with each attempt.
 */
export async function claimDueMessage<M extends ClaimedMessage>(
  em: EntityManager,
  { name, columns }: MessageTable,
  now: Date,
  firstPauseSeconds: number,
): Promise<M | undefined> {
  const [message] = await em.execute<M[]>(sql`
    UPDATE ${sql.ref(name)} SET attempts = attempts + 1,
      next_attempt_at = ${now}::timestamptz + make_interval(secs => ${firstPauseSeconds} * power(2, attempts))
    WHERE id = (SELECT id FROM ${sql.ref(name)} WHERE next_attempt_at <= ${now} ORDER BY next_attempt_at LIMIT 1
      FOR UPDATE SKIP LOCKED)
    RETURNING id, attempts, ${raw(columns)}`);
  return message;
}

export interface MessageEnd {
  column: 'sent_at' | 'given_up_at';
  now: Date;
  /** A message that was given up may be sent again. */
  keepsTexts: boolean;
}

/** Ends the delivery of a message. */
export async function finishMessage(
  em: EntityManager,
  { name, texts }: MessageTable,
  id: string,
  { column, now, keepsTexts }: MessageEnd,
): Promise<void> {
  const emptied = raw(keepsTexts ? '' : texts.map((text) => `, ${text} = ''`).join(''));
  await em.execute(sql`
    UPDATE ${sql.ref(name)} SET ${sql.ref(column)} = ${now}, next_attempt_at = NULL ${emptied}
    WHERE id = ${id}`);
}

/** Stores why the last attempt failed. */
export async function recordFailure(
  em: EntityManager,
  { name }: MessageTable,
  id: string,
  reason: string,
): Promise<void> {
  await em.execute(sql`UPDATE ${sql.ref(name)} SET last_error = ${reason} WHERE id = ${id}`);
}
