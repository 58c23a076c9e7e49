import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { requireActiveAccount } from '@roost/accounts';
import { AuditLog } from '@roost/audit';
import { Outbox } from '@roost/messaging';
import { type AuthUser, decodeCursor, Idempotency, page, type PageOf, Uuid } from '@roost/http';
import { Clock, Problem, uuidv7 } from '@roost/platform';
import { z } from 'zod';
import { RatingService } from '../rating/rating.service.js';
import { toReviewViews } from '../review/review-views.js';
import type { ReviewView } from '../review/review.dto.js';
import { Review } from '../review/review.entity.js';
import { toReviewEvent } from '../review/review.events.js';
import { findVisible } from '../review/review.queries.js';
import type { ListReports, ReportReceipt, ReportReview, ReviewReport } from './moderation.dto.js';
import { dismissReport, findReports, upholdReports, upsertReport } from './moderation.queries.js';

/** Reports by readers, and decisions by administrators. A hidden review is in no list and no rating until it is restored. */
@Injectable()
export class ModerationService {
  constructor(
    private readonly em: EntityManager,
    private readonly idempotency: Idempotency,
    private readonly outbox: Outbox,
    private readonly ratings: RatingService,
    private readonly auditLog: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** A second report by the same user replaces the first one while that is open. */
  report(reporter: AuthUser, reviewId: string, input: ReportReview): Promise<ReportReceipt> {
    return this.idempotency.runOnce(async (em) => {
      await requireActiveAccount(em, reporter.id);
      const review = await findVisible(em, reviewId, reporter);
      if (!review?.publishedAt) throw new Problem('review.not_found');
      const { id, createdAt } = await upsertReport(em, {
        ...input,
        id: uuidv7(),
        reviewId,
        reporterId: reporter.id,
        createdAt: this.clock.now(),
      });
      return { id, reviewId, reason: input.reason, createdAt: createdAt.toISOString() };
    });
  }

  /** Oldest first. */
  async listReports(admin: AuthUser, { status, limit, cursor }: ListReports): Promise<PageOf<ReviewReport>> {
    const em = this.em.fork();
    const [afterId = null] = decodeCursor(cursor, z.tuple([Uuid])) ?? [];
    const rows = await findReports(em, { status, afterId, limit: limit + 1 });
    const { data, nextCursor } = page(rows, limit, ({ id }) => [id]);
    const reviews = await em.find(Review, { id: { $in: data.map(({ reviewId }) => reviewId) } });
    const views = await toReviewViews(em, reviews, admin);
    const byId = new Map(views.map((review) => [review.id, review]));
    return {
      data: data.map(({ reviewId, ...report }) => ({
        ...report,
        review: byId.get(reviewId) as ReviewView,
        createdAt: report.createdAt.toISOString(),
        closedAt: report.closedAt?.toISOString() ?? null,
      })),
      nextCursor,
    };
  }

  /** Also closes the open reports of the review as upheld. */
  hide(admin: AuthUser, reviewId: string, reason: string): Promise<void> {
    return this.idempotency.runOnce(async (em) => {
      const now = this.clock.now();
      const review = await findPublished(em, reviewId);
      if (review.hiddenAt !== null) throw new Problem('review.wrong_state', 'The review is already hidden');
      Object.assign(review, { hiddenAt: now, hiddenReason: reason, hiddenBy: admin.id });
      await em.flush();
      await upholdReports(em, reviewId, { closedBy: admin.id, closedAt: now });
      await this.applyVisibility(em, review, 'review.hidden');
      await this.auditLog.record(em, {
        ...{ actor: admin, action: 'review.hide', reason },
        subject: { type: 'review', id: reviewId },
      });
    });
  }

  restore(admin: AuthUser, reviewId: string): Promise<void> {
    return this.idempotency.runOnce(async (em) => {
      const review = await findPublished(em, reviewId);
      if (review.hiddenAt === null) throw new Problem('review.wrong_state', 'The review is not hidden');
      Object.assign(review, { hiddenAt: null, hiddenReason: null, hiddenBy: null });
      await em.flush();
      await this.applyVisibility(em, review, 'review.restored');
      const subject = { type: 'review', id: reviewId };
      await this.auditLog.record(em, { actor: admin, action: 'review.restore', subject });
    });
  }

  /** Hides the reply only. Its reports are in the service `identity`, which upholds them by the event. */
  hideReply(admin: AuthUser, reviewId: string, reason: string): Promise<void> {
    return this.idempotency.runOnce(async (em) => {
      const review = await findReplied(em, reviewId);
      if (review.replyHiddenAt !== null)
        throw new Problem('review.wrong_state', 'The reply is already hidden');
      const replyHiddenAt = this.clock.now();
      Object.assign(review, { replyHiddenAt, replyHiddenReason: reason, replyHiddenBy: admin.id });
      await em.flush();
      await this.outbox.add(em, 'review.reply-hidden', toReviewEvent(review), { version: review.version });
      const subject = { type: 'review', id: reviewId };
      await this.auditLog.record(em, { actor: admin, action: 'reply.hide', reason, subject });
    });
  }

  restoreReply(admin: AuthUser, reviewId: string): Promise<void> {
    return this.idempotency.runOnce(async (em) => {
      const review = await findReplied(em, reviewId);
      if (review.replyHiddenAt === null) throw new Problem('review.wrong_state', 'The reply is not hidden');
      Object.assign(review, { replyHiddenAt: null, replyHiddenReason: null, replyHiddenBy: null });
      await em.flush();
      const subject = { type: 'review', id: reviewId };
      await this.auditLog.record(em, { actor: admin, action: 'reply.restore', subject });
    });
  }

  /** Closes a report without a change to the review. */
  dismiss(admin: AuthUser, reportId: string): Promise<void> {
    return this.idempotency.runOnce(async (em) => {
      const isClosed = await dismissReport(em, reportId, {
        closedBy: admin.id,
        closedAt: this.clock.now(),
      });
      if (!isClosed) throw new Problem('review.report_not_found');
      const subject = { type: 'report', id: reportId };
      await this.auditLog.record(em, { actor: admin, action: 'report.dismiss', subject });
    });
  }

  /** Updates the rating and publishes the event. External reviews have no rating, and no event when they are restored. */
  private async applyVisibility(
    em: EntityManager,
    review: Review,
    type: 'review.hidden' | 'review.restored',
  ): Promise<void> {
    const { id: reviewId, listingId, version } = review;
    if (review.externalId !== null) {
      // For the service `identity`, which upholds the reports of the review.
      if (type === 'review.hidden')
        await this.outbox.add(em, 'external-review.hidden', { reviewId, listingId }, { version });
      return;
    }
    await this.ratings.adjust(em, review, type === 'review.hidden' ? -1 : 1);
    await this.outbox.add(em, type, toReviewEvent(review), { version });
  }
}

/** Unpublished reviews do not exist for administrators either. */
async function findPublished(em: EntityManager, id: string): Promise<Review> {
  const review = await em.findOne(Review, { id, publishedAt: { $ne: null } });
  if (!review) throw new Problem('review.not_found');
  return review;
}

async function findReplied(em: EntityManager, id: string): Promise<Review> {
  const review = await findPublished(em, id);
  if (review.reply === null) throw new Problem('review.not_found', 'The review has no reply');
  return review;
}
