import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { SystemClock } from '@roost/platform';
import { type Subject, upholdReportsOf } from './report.queries.js';

@Controller()
export class ReportConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly clock: SystemClock,
  ) {}

  /** A hidden review needs no further decision, as in the queue of the service `reviews`. */
  @OnEvent('review.hidden')
  reviewHidden({ reviewId: id }: EventBody<'review.hidden'>, { time }: EventMeta): Promise<void> {
    return this.upholdReports({ type: 'review', id }, time);
  }

  @OnEvent('external-review.hidden')
  externalReviewHidden(
    { reviewId: id }: EventBody<'external-review.hidden'>,
    { time }: EventMeta,
  ): Promise<void> {
    return this.upholdReports({ type: 'review', id }, time);
  }

  @OnEvent('review.reply-hidden')
  replyHidden({ reviewId: id }: EventBody<'review.reply-hidden'>, { time }: EventMeta): Promise<void> {
    return this.upholdReports({ type: 'reply', id }, time);
  }

  private upholdReports(subject: Subject, hiddenAt: Date): Promise<void> {
    const decidedAt = this.clock.now();
    return this.transactions.run((em) => upholdReportsOf(em, subject, { hiddenAt, decidedAt }));
  }
}
