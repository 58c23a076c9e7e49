import { Injectable } from '@nestjs/common';
import { type EventBody, services } from '@roost/contracts';
import { Transactions } from '@roost/messaging';
import { SystemClock } from '@roost/platform';
import { User } from '../account/user.entity.js';
import { MailService } from '../mail/mail.service.js';
import { oldestPending } from './domain/export-status.js';
import { completeRequest, recordPart } from './export-request.queries.js';

/** Tracks which services have written their part of an export. */
@Injectable()
export class ExportProgressService {
  constructor(
    private readonly transactions: Transactions,
    private readonly mails: MailService,
    private readonly clock: SystemClock,
  ) {}

  /** Notifies the user when the parts of all services are ready. */
  async complete(part: EventBody<'privacy.export-part-ready'>, service: string): Promise<void> {
    await this.transactions.run(async (em) => {
      const now = this.clock.now();
      const ready = await recordPart(em, part, service, oldestPending(now));
      if (!ready || services.some((name) => !ready.includes(name))) return;
      await completeRequest(em, part.requestId, now);
      const user = await em.findOneOrFail(User, { id: part.userId });
      await this.mails.send(em, user, 'export-ready', {});
    });
  }
}
