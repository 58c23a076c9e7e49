import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Clock, SweepEvery } from '@roost/platform';
import { addDuration } from '@roost/stay';

const keptFor = '-P30D';
const batch = 10_000;

@Injectable()
export class QuoteJobs {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock,
  ) {}

  /** Quotes that nobody can book any more go after a month; a booking keeps all of its own. */
  @SweepEvery(3600, 'quote.prune')
  async prune(): Promise<void> {
    const before = addDuration(this.clock.now(), keptFor);
    for (let gone = batch; gone === batch;) {
      const rows = await this.em
        .fork()
        .execute<unknown[]>(
          'DELETE FROM quote WHERE id IN (SELECT id FROM quote WHERE expires_at < ? LIMIT ?) RETURNING id',
          [before, batch],
        );
      gone = rows.length;
    }
  }
}
