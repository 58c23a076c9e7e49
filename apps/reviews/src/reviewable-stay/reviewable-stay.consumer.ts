import { Controller, Inject } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { CONFIG, type Config } from '@roost/platform';
import type { ReviewsConfig } from '../config.js';
import { isReviewableCancellation, windowEnd } from './domain/review-window.js';
import { storeReviewableStay } from './reviewable-stay.queries.js';

/** Stores the stays of bookings, and until when they may be reviewed. */
@Controller()
export class ReviewableStayConsumer {
  constructor(
    private readonly transactions: Transactions,
    @Inject(CONFIG) private readonly config: Config<typeof ReviewsConfig>,
  ) {}

  @OnEvent('booking.created')
  async created(booking: EventBody<'booking.created'>): Promise<void> {
    await this.transactions.run((em) => storeReviewableStay(em, booking, null));
  }

  @OnEvent('booking.completed')
  async completed(booking: EventBody<'booking.completed'>): Promise<void> {
    const closesAt = windowEnd(booking, this.config.REVIEW_WINDOW_DAYS);
    await this.transactions.run((em) => storeReviewableStay(em, booking, closesAt));
  }

  @OnEvent('booking.cancelled')
  async cancelled(booking: EventBody<'booking.cancelled'>, meta: EventMeta): Promise<void> {
    const cancelledAt = booking.cancelledAt === undefined ? meta.time : new Date(booking.cancelledAt);
    const closesAt = isReviewableCancellation(booking, cancelledAt)
      ? windowEnd(booking, this.config.REVIEW_WINDOW_DAYS)
      : null;
    await this.transactions.run((em) => storeReviewableStay(em, booking, closesAt));
  }
}
