import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Metrics, scrapedGauges } from '@roost/platform';
import { readWaitingMails } from './mail.queries.js';

/** Gauges of the mails that are still to be sent. */
@Injectable()
export class MailGauges {
  constructor(@Inject(MikroORM) orm: MikroORM, { registry }: Metrics) {
    scrapedGauges(registry, () => readWaitingMails(orm.em.fork({ disableContextResolution: true })), [
      { name: 'roost_mails_waiting', help: 'Mails that are still to be sent', of: ({ count }) => count },
      {
        name: 'roost_mails_oldest_seconds',
        help: 'Age in seconds of the oldest mail that is still to be sent; 0 without one',
        of: ({ oldestSeconds }) => oldestSeconds,
      },
    ]);
  }
}
