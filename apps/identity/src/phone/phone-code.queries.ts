import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { ClaimedMessage, MessageTable } from '../delivery/delivery.queries.js';
import type { CodeCounts } from './domain/code-limits.js';

/** The class of the advisory lock; `report.queries.ts` lists all classes. */
const CODE_LOCK = 4203;

/** The user, the number and the network of a request: each has a limit of text messages. */
export interface CodeSubjects {
  userId: string;
  phoneHash: Buffer;
  networkHash: Buffer;
}

export interface NewPhoneCode {
  id: string;
  userId: string;
  networkHash: Buffer;
  /** Null if no message is sent: the request only counts for the limits of user and network. */
  phone: string | null;
  phoneHash: Buffer | null;
  codeHash: string;
  text: string;
  createdAt: Date;
  expiresAt: Date;
  /** Null if there is no message, or if it is shown in the inbox only. */
  nextAttemptAt: Date | null;
}

/** Allows one request for a code at a time, until the end of the transaction, so that the limits are counted correctly. */
export async function lockPhoneCodes(em: EntityManager): Promise<void> {
  await em.execute(sql`SELECT pg_advisory_xact_lock(${CODE_LOCK}::int, 0)`);
}

export async function countPhoneCodes(
  em: EntityManager,
  { userId, phoneHash, networkHash }: CodeSubjects,
  now: Date,
): Promise<CodeCounts> {
  const ofUser = sql`user_id = ${userId}`;
  const ofNetwork = sql`network_hash = ${networkHash}`;
  const ofPhone = sql`phone_hash = ${phoneHash}`;
  const inHour = sql`created_at > ${now}::timestamptz - interval '1 hour'`;
  const [row] = await em.execute<Record<string, number>[]>(sql`
    SELECT count(*) FILTER (WHERE ${ofUser})::int AS user_day,
      count(*) FILTER (WHERE ${ofUser} AND ${inHour})::int AS user_hour,
      count(*) FILTER (WHERE ${ofNetwork})::int AS network_day,
      count(*) FILTER (WHERE ${ofNetwork} AND ${inHour})::int AS network_hour,
      count(*) FILTER (WHERE ${ofPhone})::int AS phone_day,
      count(*) FILTER (WHERE ${ofPhone} AND ${inHour})::int AS phone_hour,
      (SELECT count(*)::int FROM phone_code
        WHERE phone_hash IS NOT NULL AND created_at > ${now}::timestamptz - interval '1 day') AS sent_in_day
    FROM phone_code WHERE created_at > ${now}::timestamptz - interval '1 day'
      AND (${ofUser} OR ${ofNetwork} OR ${ofPhone})`);
  const countOf = (subject: 'user' | 'network' | 'phone') => ({
    hour: row?.[`${subject}_hour`] ?? 0,
    day: row?.[`${subject}_day`] ?? 0,
  });
  return {
    user: countOf('user'),
    network: countOf('network'),
    phone: countOf('phone'),
    sentInDay: row?.sent_in_day ?? 0,
  };
}

export async function insertPhoneCode(em: EntityManager, code: NewPhoneCode): Promise<void> {
  const sentAt = code.nextAttemptAt === null ? code.createdAt : null;
  await em.execute(sql`
    INSERT INTO phone_code (id, user_id, phone, code_hash, phone_hash, network_hash, created_at, expires_at, text,
      next_attempt_at, sent_at)
    VALUES (${code.id}, ${code.userId}, ${code.phone}, ${code.codeHash}, ${code.phoneHash}, ${code.networkHash},
      ${code.createdAt}, ${code.expiresAt}, ${code.text}, ${code.nextAttemptAt}, ${sentAt})`);
}

/** Ends the codes of a user and deletes number and text. The rows still count for the limits. */
export async function endPhoneCodes(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`
    UPDATE phone_code SET phone = NULL, text = '', next_attempt_at = NULL
    WHERE user_id = ${userId} AND (phone IS NOT NULL OR text <> '')`);
}

export interface PhoneCodeTry {
  phone: string;
  codeHash: string;
}

/** Counts a try in advance, so that concurrent guesses can't all be admitted. Undefined without a code that can be tried. */
export async function countTry(
  em: EntityManager,
  userId: string,
  { now, maxTries }: { now: Date; maxTries: number },
): Promise<PhoneCodeTry | undefined> {
  const [code] = await em.execute<PhoneCodeTry[]>(sql`
    UPDATE phone_code SET tries = tries + 1
    WHERE user_id = ${userId} AND phone IS NOT NULL AND expires_at > ${now} AND tries < ${maxTries}
    RETURNING phone, code_hash AS "codeHash"`);
  return code;
}

/** Whether this code is still the one of the user: a concurrent request may have used or replaced it. */
export async function isCurrentCode(em: EntityManager, userId: string, codeHash: string): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    SELECT FROM phone_code WHERE user_id = ${userId} AND phone IS NOT NULL AND code_hash = ${codeHash} FOR UPDATE`);
  return rows.length > 0;
}

/** A text message that one replica has claimed for one attempt. */
export interface ClaimedText extends ClaimedMessage {
  phone: string;
  text: string;
  expiresAt: Date;
}

export const TEXT_TABLE: MessageTable = {
  name: 'phone_code',
  columns: 'phone, text, expires_at AS "expiresAt"',
  texts: ['text'],
};
