import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Outbox } from '@roost/messaging';
import { type AuthUser, decodeCursor, Idempotency, page, type PageOf, Uuid } from '@roost/http';
import { Clock, Problem, uuidv7 } from '@roost/platform';
import { z } from 'zod';
import { requireActive } from '../account/account.queries.js';
import { RatingService } from '../rating/rating.service.js';
import type { ReviewView } from '../review/review.dto.js';
import { Review } from '../review/review.entity.js';
import { factsOf } from '../review/review.events.js';
import { findVisible } from '../review/review.queries.js';
import { views } from '../review/review.reader.js';
import type { ListReports, ReportReceipt, ReportReview, ReviewReport } from './moderation.dto.js';

type ReportRow = Omit<ReviewReport, 'review' | 'createdAt' | 'closedAt'> & {
  reviewId: string;
  createdAt: Date;
  closedAt: Date | null;
};

/** Readers report, administrators decide. What is hidden is out of every list and rating until it is restored. */
@Injectable()
export class ModerationService {
  constructor(
    private readonly em: EntityManager,
    private readonly idempotency: Idempotency,
    private readonly outbox: Outbox,
    private readonly ratings: RatingService,
    private readonly clock: Clock,
  ) {}

  /** A second report by the same person, while the first is open, takes its place. */
  report(reporter: AuthUser, reviewId: string, input: ReportReview): Promise<ReportReceipt> {
    return this.idempotency.answer(async (em) => {
      await requireActive(em, reporter.id);
      const review = await findVisible(em, reviewId, reporter);
      if (!review?.publishedAt) throw new Problem('review.not_found');
      const [row] = await em.execute<[{ id: string; createdAt: Date }]>(
        `INSERT INTO review_report (id, review_id, reporter_id, reason, comment, created_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (review_id, reporter_id) WHERE status = 'open'
         DO UPDATE SET reason = excluded.reason, comment = excluded.comment
         RETURNING id, created_at AS "createdAt"`,
        [uuidv7(), reviewId, reporter.id, input.reason, input.comment ?? null, this.clock.now()],
      );
      return { id: row.id, reviewId, reason: input.reason, createdAt: row.createdAt.toISOString() };
    });
  }

  /** Oldest first. */
  async reports(admin: AuthUser, { status, limit, cursor }: ListReports): Promise<PageOf<ReviewReport>> {
    const em = this.em.fork();
    const [after = null] = decodeCursor(cursor, z.tuple([Uuid])) ?? [];
    const rows = await em.execute<ReportRow[]>(
      `SELECT id, review_id AS "reviewId", reporter_id AS "reporterId", reason, comment, status,
              created_at AS "createdAt", closed_at AS "closedAt", closed_by AS "closedBy"
         FROM review_report WHERE status = ? AND id > coalesce(?::uuid, '00000000-0000-0000-0000-000000000000')
        ORDER BY id LIMIT ?`,
      [status, after, limit + 1],
    );
    const { data, nextCursor } = page(rows, limit, ({ id }) => [id]);
    const reviews = await em.find(Review, { id: { $in: data.map(({ reviewId }) => reviewId) } });
    const byId = new Map((await views(em, reviews, admin)).map((review) => [review.id, review]));
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

  hide(admin: AuthUser, reviewId: string, reason: string): Promise<void> {
    return this.idempotency.answer(async (em) => {
      const now = this.clock.now();
      const review = await published(em, reviewId);
      if (review.hiddenAt !== null) throw new Problem('review.wrong_state', 'The review is hidden already');
      Object.assign(review, { hiddenAt: now, hiddenReason: reason, hiddenBy: admin.id });
      await em.flush();
      await em.execute(
        `UPDATE review_report SET status = 'upheld', closed_at = ?, closed_by = ? WHERE review_id = ? AND status = 'open'`,
        [now, admin.id, reviewId],
      );
      await this.announce(em, review, 'review.hidden', -1);
    });
  }

  restore(reviewId: string): Promise<void> {
    return this.idempotency.answer(async (em) => {
      const review = await published(em, reviewId);
      if (review.hiddenAt === null) throw new Problem('review.wrong_state', 'The review is not hidden');
      Object.assign(review, { hiddenAt: null, hiddenReason: null, hiddenBy: null });
      await em.flush();
      await this.announce(em, review, 'review.restored', 1);
    });
  }

  /** The report was not right: the review stays. */
  dismiss(admin: AuthUser, reportId: string): Promise<void> {
    return this.idempotency.answer(async (em) => {
      const closed = await em.execute<unknown[]>(
        `UPDATE review_report SET status = 'dismissed', closed_at = ?, closed_by = ?
          WHERE id = ? AND status = 'open' RETURNING id`,
        [this.clock.now(), admin.id, reportId],
      );
      if (closed.length === 0) throw new Problem('review.report_not_found');
    });
  }

  private async announce(
    em: EntityManager,
    review: Review,
    type: 'review.hidden' | 'review.restored',
    sign: 1 | -1,
  ): Promise<void> {
    if (review.externalId !== null) return;
    await this.ratings.count(em, review, sign);
    await this.outbox.add(em, type, factsOf(review), { version: review.version });
  }
}

/** An unpublished review is not there, for administrators either. */
async function published(em: EntityManager, id: string): Promise<Review> {
  const review = await em.findOne(Review, { id, publishedAt: { $ne: null } });
  if (!review) throw new Problem('review.not_found');
  return review;
}
