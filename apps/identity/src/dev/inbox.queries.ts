import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { Mail } from '../mail/mail.entity.js';
import type { InboxMail } from './dev.dto.js';

const LIMIT = 100;

/** Returns the latest mails and text messages, newest first, of one address or number, or of all. */
export async function findLatestMails(em: EntityManager, to: string | undefined): Promise<InboxMail[]> {
  const where = to === undefined ? {} : { recipient: to };
  const mails = await em.find(Mail, where, { orderBy: { id: 'desc' }, limit: LIMIT });
  const inbox = mails.map((mail) => ({
    id: mail.id,
    to: mail.recipient,
    template: mail.template,
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    token: mail.token,
    sentAt: mail.sentAt?.toISOString() ?? null,
  }));
  const texts = await findLatestTexts(em, to ?? null);
  return [...inbox, ...texts].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, LIMIT);
}

/** The text messages whose codes are neither used nor replaced. */
async function findLatestTexts(em: EntityManager, to: string | null): Promise<InboxMail[]> {
  const rows = await em.execute<{ id: string; phone: string; text: string; sentAt: Date | null }[]>(sql`
    SELECT id, phone, text, sent_at AS "sentAt" FROM phone_code
    WHERE phone IS NOT NULL AND (${to}::text IS NULL OR phone = ${to}::text) ORDER BY id DESC LIMIT ${LIMIT}`);
  return rows.map(({ id, phone, text, sentAt }) => ({
    id,
    to: phone,
    template: 'phone-code',
    subject: 'Text message',
    text,
    html: '',
    token: /\d{6}/.exec(text)?.[0] ?? null,
    sentAt: sentAt?.toISOString() ?? null,
  }));
}
