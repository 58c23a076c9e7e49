import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Metrics, scrapedGauges, SystemClock } from '@roost/platform';
import { oldestPending } from './domain/export-status.js';
import { readOverdueExports } from './export-request.queries.js';

@Injectable()
export class ExportGauges {
  constructor(@Inject(MikroORM) orm: MikroORM, { registry }: Metrics, clock: SystemClock) {
    const read = () =>
      readOverdueExports(orm.em.fork({ disableContextResolution: true }), oldestPending(clock.now()));
    scrapedGauges(registry, read, [
      {
        name: 'roost_exports_overdue',
        help: 'Exports of personal data that a service has not completed within an hour',
        of: ({ count }) => count,
      },
    ]);
  }
}
