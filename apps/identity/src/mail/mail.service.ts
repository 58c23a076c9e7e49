import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, SystemClock, uuidv7 } from '@roost/platform';
import type { IdentityConfig } from '../config.js';
import { type AccountMailReader, renderAccountMail } from './account-mails.js';
import { ClientLinks } from './client-links.js';
import type { AccountMail, AccountMailTemplate } from './language/language.js';
import type { MailContent } from './mail-content.js';
import { MailDeliveryService } from './mail-delivery.service.js';
import { Mail } from './mail.entity.js';

@Injectable()
export class MailService {
  constructor(
    private readonly delivery: MailDeliveryService,
    private readonly links: ClientLinks,
    private readonly clock: SystemClock,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  /** Enqueues a mail about an account in the reader's language. */
  async send<T extends AccountMailTemplate>(
    em: EntityManager,
    to: AccountMailReader & { id: string; email: string },
    template: T,
    data: AccountMail[T],
  ): Promise<void> {
    const content = renderAccountMail(template, data, to, this.links);
    const token = 'token' in data ? String(data.token) : null;
    await this.enqueue(em, { recipient: to.email, about: [to.id], template, content, token });
  }

  /** Stores a mail in the transaction of its cause. The inbox shows it at once; SMTP sends it after the commit. */
  async enqueue(
    em: EntityManager,
    mail: {
      recipient: string;
      about: string[];
      template: string;
      content: MailContent;
      token?: string | null;
    },
  ): Promise<void> {
    const now = this.clock.now();
    const inbox = this.config.MAILER === 'inbox';
    em.persist(
      em.create(Mail, {
        id: uuidv7(),
        recipient: mail.recipient,
        about: mail.about,
        template: mail.template,
        ...mail.content,
        token: inbox ? (mail.token ?? null) : null,
        createdAt: now,
        sentAt: inbox ? now : null,
        nextAttemptAt: inbox ? null : now,
      }),
    );
    await em.flush();
    if (!inbox) this.delivery.sendAfterCommit();
  }
}
