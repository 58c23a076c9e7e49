import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Mail } from '../mail/mail.entity.js';
import type { InboxMail } from './dev.dto.js';

const MOST = 100;

@Injectable()
export class InboxQueries {
  constructor(private readonly em: EntityManager) {}

  /** The latest mails, to one address or to all, newest first. */
  async latest(to: string | undefined): Promise<InboxMail[]> {
    const where = to === undefined ? {} : { recipient: to };
    const mails = await this.em.find(Mail, where, { orderBy: { id: 'desc' }, limit: MOST });
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
}
