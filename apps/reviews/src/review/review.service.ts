import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { type AuthUser, etagOf, Idempotency, requireMatch } from '@roost/http';
import { Clock, invalidField, Problem, uuidv7 } from '@roost/platform';
import { requireActive } from '../account/account.queries.js';
import { Stay } from '../stay/stay.entity.js';
import type { Direction } from './domain/direction.js';
import { type Scores, wrongCategory } from './domain/scores.js';
import type { EditReview, ReviewView, WriteReview } from './review.dto.js';
import { Review } from './review.entity.js';
import { ReviewPublisher } from './review.publisher.js';
import { findVisible } from './review.queries.js';
import { view } from './review.reader.js';

@Injectable()
export class ReviewService {
  constructor(
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly publisher: ReviewPublisher,
    private readonly clock: Clock,
  ) {}

  /** The second of a stay's two reviews publishes both. */
  write(author: AuthUser, bookingId: string, input: WriteReview): Promise<ReviewView> {
    return this.idempotency.answer(async (em) => {
      const now = this.clock.now();
      await requireActive(em, author.id);
      const stay = await em.findOne(Stay, { bookingId });
      const direction = stay?.directionOf(author.id);
      if (!stay || !direction) throw new Problem('booking.not_found');
      const byGuest = direction === 'guest_to_listing';
      if (byGuest ? stay.guestWrote : stay.hostWrote) throw new Problem('review.already_written');
      if (stay.closesAt === null) throw new Problem('review.not_eligible');
      if (now >= stay.closesAt) throw new Problem('review.window_closed');
      requireAskedCategories(direction, input.categories);
      if (byGuest) stay.guestWrote = true;
      else stay.hostWrote = true;
      stay.dueAt = stay.closesAt;
      // The stay's row first: of two who write at once the later one is run again and sees the other's review.
      await em.flush();
      const review = new Review();
      review.id = uuidv7();
      review.bookingId = stay.bookingId;
      review.listingId = stay.listingId;
      review.direction = direction;
      review.authorId = author.id;
      review.recipientId = byGuest ? stay.hostId : stay.guestId;
      review.subjectId = byGuest ? stay.listingId : stay.guestId;
      review.overall = input.overall;
      review.categories = input.categories;
      review.text = input.text;
      review.writtenAt = now;
      em.persist(review);
      await em.flush();
      if (stay.guestWrote && stay.hostWrote) await this.publisher.publish(em, stay, now);
      return await view(em, review, author);
    });
  }

  edit(author: AuthUser, id: string, input: EditReview): Promise<ReviewView> {
    return this.transactions.run(async (em) => {
      await requireActive(em, author.id);
      const { review, stay } = await this.own(em, author, id);
      requireMatch(etagOf(await view(em, review, author), author.id));
      if (review.publishedAt !== null || stay.closesAt === null || this.clock.now() >= stay.closesAt) {
        throw new Problem('review.already_published');
      }
      if (input.categories) {
        requireAskedCategories(review.direction, input.categories);
        review.categories = input.categories;
      }
      review.overall = input.overall ?? review.overall;
      review.text = input.text ?? review.text;
      await em.flush();
      return await view(em, review, author);
    });
  }

  private async own(
    em: EntityManager,
    author: AuthUser,
    id: string,
  ): Promise<{ review: Review; stay: Stay }> {
    const review = await findVisible(em, id, author);
    if (review?.authorId !== author.id || review.bookingId === null) throw new Problem('review.not_found');
    return { review, stay: await em.findOneOrFail(Stay, { bookingId: review.bookingId }) };
  }
}

function requireAskedCategories(direction: Direction, scores: Scores): void {
  const wrong = wrongCategory(direction, scores);
  if (!wrong) return;
  const who = direction === 'guest_to_listing' ? 'A guest' : 'A host';
  throw invalidField(
    `/categories/${wrong.category}`,
    wrong.wrong === 'missing' ? `${who} rates this, too` : `${who} does not rate this`,
  );
}
