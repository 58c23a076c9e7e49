import type { EntityManager } from '@mikro-orm/postgresql';
import { Mail } from '../mail/mail.entity.js';
import type { InboxMail } from './dev.dto.js';

const LIMIT = 100;

/** Returns the latest mails, newest first, of one address or of all. */
export async function findLatestMails(em: EntityManager, to: string | undefined): Promise<InboxMail[]> {
  const where = to === undefined ? {} : { recipient: to };
  const mails = await em.find(Mail, where, { orderBy: { id: 'desc' }, limit: LIMIT });
  return mails.map((mail) => ({
    id: mail.id,
    to: mail.recipient,
    template: mail.template,
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    token: mail.token,
    sentAt: mail.sentAt?.toISOString() ?? null,
  }));
}
