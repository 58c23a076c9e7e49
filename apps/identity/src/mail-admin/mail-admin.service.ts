import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '@roost/audit';
import { type AuthUser, Idempotency, type PageOf } from '@roost/http';
import { Problem, SystemClock } from '@roost/platform';
import { MailDeliveryService } from '../mail/mail-delivery.service.js';
import { SessionService } from '../session/session.service.js';
import { type AdminMail, type AdminMailsQuery, isRetryable, toAdminMail } from './mail-admin.dto.js';
import { listMails, lockMail, sendAgain } from './mail-admin.queries.js';

/** The mails to all users, for administrators. */
@Injectable()
export class MailAdminService {
  constructor(
    private readonly em: EntityManager,
    private readonly idempotency: Idempotency,
    private readonly sessions: SessionService,
    private readonly delivery: MailDeliveryService,
    private readonly auditLog: AuditLog,
    private readonly clock: SystemClock,
  ) {}

  /** Without texts, so it is not recorded. */
  async list(admin: AuthUser, query: AdminMailsQuery): Promise<PageOf<AdminMail>> {
    const em = this.em.fork();
    await this.sessions.requireUser(admin, em);
    const { data, nextCursor } = await listMails(em, query);
    return { data: data.map(toAdminMail), nextCursor };
  }

  /** The mail is sent after the commit. */
  retry(admin: AuthUser, id: string, reason: string): Promise<void> {
    return this.idempotency.runOnce(async (em) => {
      await this.sessions.requireUser(admin, em);
      const mail = await lockMail(em, id);
      if (!mail) throw new Problem('mail.not_found');
      if (!mail.givenUpAt) throw new Problem('mail.not_given_up');
      if (!isRetryable(mail)) throw new Problem('mail.not_retryable');
      await sendAgain(em, id, this.clock.now());
      const subject = { type: 'mail', id };
      await this.auditLog.record(em, { actor: admin, action: 'mail.retry', subject, reason });
      this.delivery.sendAfterCommit();
    });
  }
}
