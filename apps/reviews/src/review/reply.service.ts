import { Inject, Injectable } from '@nestjs/common';
import { requireActiveAccount } from '@roost/accounts';
import { Outbox } from '@roost/messaging';
import { type AuthUser, Idempotency } from '@roost/http';
import { Clock, CONFIG, type Config, Problem } from '@roost/platform';
import { addDuration } from '@roost/stay';
import type { ReviewsConfig } from '../config.js';
import { toSingleView } from './review-views.js';
import type { ReviewView, WriteReply } from './review.dto.js';
import { toReviewEvent } from './review.events.js';
import { findVisible } from './review.queries.js';

/** The public reply to a review, at most one, by its recipient. */
@Injectable()
export class ReplyService {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config<typeof ReviewsConfig>,
  ) {}

  reply(recipient: AuthUser, id: string, { text }: WriteReply): Promise<ReviewView> {
    return this.idempotency.runOnce(async (em) => {
      const now = this.clock.now();
      await requireActiveAccount(em, recipient.id);
      const review = await findVisible(em, id, recipient);
      if (!review?.publishedAt || review.hiddenAt || review.recipientId !== recipient.id) {
        throw new Problem('review.not_found');
      }
      if (review.reply !== null) throw new Problem('review.already_replied');
      if (now >= addDuration(review.publishedAt, `P${this.config.REVIEW_REPLY_DAYS}D`)) {
        throw new Problem('review.reply_window_closed');
      }
      review.reply = text;
      review.repliedAt = now;
      await em.flush();
      await this.outbox.add(em, 'review.replied', toReviewEvent(review), { version: review.version });
      return await toSingleView(em, review, recipient);
    });
  }
}
