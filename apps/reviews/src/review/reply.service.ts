import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@roost/messaging';
import { type AuthUser, Idempotency } from '@roost/http';
import { Clock, CONFIG, type Config, Problem } from '@roost/platform';
import { addDuration } from '@roost/stay';
import { requireActive } from '../account/account.queries.js';
import type { ReviewsConfig } from '../config.js';
import type { ReviewView, WriteReply } from './review.dto.js';
import { factsOf } from './review.events.js';
import { findVisible } from './review.queries.js';
import { view } from './review.reader.js';

/** The one public answer of who was reviewed. */
@Injectable()
export class ReplyService {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config<typeof ReviewsConfig>,
  ) {}

  reply(subject: AuthUser, id: string, { text }: WriteReply): Promise<ReviewView> {
    return this.idempotency.answer(async (em) => {
      const now = this.clock.now();
      await requireActive(em, subject.id);
      const review = await findVisible(em, id, subject);
      if (!review?.publishedAt || review.hiddenAt || review.recipientId !== subject.id) {
        throw new Problem('review.not_found');
      }
      if (review.reply !== null) throw new Problem('review.already_replied');
      if (now >= addDuration(review.publishedAt, `P${this.config.REVIEW_REPLY_DAYS}D`)) {
        throw new Problem('review.reply_window_closed');
      }
      review.reply = text;
      review.repliedAt = now;
      await em.flush();
      await this.outbox.add(em, 'review.replied', factsOf(review), { version: review.version });
      return await view(em, review, subject);
    });
  }
}
