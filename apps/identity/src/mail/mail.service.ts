import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { runWithoutRequestContext } from '@roost/platform';
import { CONFIG, SystemClock, uuidv7 } from '@roost/platform';
import type { IdentityConfig } from '../config.js';
import { MailDelivery } from './mail.delivery.js';
import { Mail } from './mail.entity.js';
import { type MailData, type MailTemplate, type MailText, renderMail } from './mail.templates.js';

type Extra<T extends MailTemplate> = Omit<MailData[T], 'displayName'>;

@Injectable()
export class Mails {
  constructor(
    private readonly transactions: Transactions,
    private readonly delivery: MailDelivery,
    private readonly clock: SystemClock,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  /** Writes a mail in the transaction of what it tells. The inbox shows it at once; SMTP sends it after the commit. */
  async write<T extends MailTemplate>(
    em: EntityManager,
    to: { email: string; displayName: string },
    template: T,
    extra: Extra<T>,
  ): Promise<void> {
    const data = { ...extra, displayName: to.displayName } as unknown as MailData[T];
    const token = 'token' in extra ? String(extra.token) : null;
    await this.post(em, to.email, template, renderMail(template, data), token);
  }

  /** The same for a mail that has been put into words elsewhere. */
  async post(
    em: EntityManager,
    recipient: string,
    template: string,
    text: MailText,
    token: string | null = null,
  ): Promise<void> {
    const now = this.clock.now();
    const inbox = this.config.MAILER === 'inbox';
    const mail = em.create(Mail, {
      id: uuidv7(),
      recipient,
      template,
      ...text,
      token: inbox ? token : null,
      createdAt: now,
      sentAt: inbox ? now : null,
      nextAttemptAt: inbox ? null : now,
    });
    em.persist(mail);
    await em.flush();
    // A failure to send is the sweep's to repeat, not the caller's to hear of.
    if (!inbox)
      this.transactions.afterCommit(() => {
        void runWithoutRequestContext(() => this.delivery.sendDue()).catch(() => undefined);
      });
  }
}
