import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Metrics, scrapedGauges } from '@roost/platform';
import { readOverdueErasures } from './erasure-request.queries.js';

@Injectable()
export class ErasureGauges {
  constructor(@Inject(MikroORM) orm: MikroORM, { registry }: Metrics) {
    scrapedGauges(registry, () => readOverdueErasures(orm.em.fork({ disableContextResolution: true })), [
      {
        name: 'roost_erasures_overdue',
        help: 'Erasures of users that a service has not completed within an hour',
        of: ({ count }) => count,
      },
    ]);
  }
}
