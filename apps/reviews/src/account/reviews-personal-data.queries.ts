import { sql } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { type ExportSection, PersonalData } from '@roost/accounts';

const review = sql`id, direction, booking_id AS "bookingId", listing_id AS "listingId", overall, categories, text,
  written_at AS "writtenAt", published_at AS "publishedAt"`;

/** Double blind: nothing here depends on a review by another user that is not published. */
@Injectable()
export class ReviewsPersonalData extends PersonalData {
  sections(userId: string): ExportSection[] {
    return [
      {
        name: 'reviewsWritten',
        rows: sql`SELECT ${review}, CASE WHEN reply_hidden_at IS NULL THEN reply END AS reply,
            CASE WHEN reply_hidden_at IS NULL THEN replied_at END AS "repliedAt",
            hidden_at AS "hiddenAt", hidden_reason AS "hiddenReason" FROM review
          WHERE author_id = ${userId} ORDER BY id`,
      },
      {
        // Hidden ones are visible to their author only; a hidden reply is visible to the user, who wrote it.
        name: 'reviewsReceived',
        rows: sql`SELECT ${review}, reply, replied_at AS "repliedAt", reply_hidden_at AS "replyHiddenAt",
            reply_hidden_reason AS "replyHiddenReason" FROM review
          WHERE recipient_id = ${userId} AND published_at IS NOT NULL AND hidden_at IS NULL ORDER BY id`,
      },
      {
        name: 'hostEvaluation',
        rows: sql`SELECT superhost, evaluated_at AS "evaluatedAt" FROM host_evaluation
          WHERE host_id = ${userId} AND evaluated_at IS NOT NULL`,
      },
      {
        name: 'reports',
        rows: sql`SELECT id, review_id AS "reviewId", reason, comment, status, created_at AS "createdAt",
          closed_at AS "closedAt" FROM review_report WHERE reporter_id = ${userId} ORDER BY id`,
      },
    ];
  }
}
