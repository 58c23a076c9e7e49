import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { SystemClock } from '@roost/platform';
import { upholdReportsOfReview } from './report.queries.js';

@Controller()
export class ReportConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly clock: SystemClock,
  ) {}

  /** A hidden review needs no further decision, as in the queue of the service `reviews`. */
  @OnEvent('review.hidden')
  async reviewHidden({ reviewId }: EventBody<'review.hidden'>, { time }: EventMeta): Promise<void> {
    const decidedAt = this.clock.now();
    await this.transactions.run((em) => upholdReportsOfReview(em, reviewId, { hiddenAt: time, decidedAt }));
  }
}
