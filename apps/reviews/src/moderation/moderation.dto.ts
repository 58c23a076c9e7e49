import { Instant, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';
import { PlainText, ReviewView } from '../review/review.dto.js';

export const ReportReason = z
  .enum(['spam', 'offensive', 'personal_data', 'not_about_the_stay', 'other'])
  .meta({ id: 'ReportReason' });

export const ReportReview = z
  .strictObject({ reason: ReportReason, comment: PlainText(1_000).optional() })
  .meta({ id: 'ReportReview' });
export type ReportReview = z.output<typeof ReportReview>;

export const ReportStatus = z.enum(['open', 'upheld', 'dismissed']).meta({ id: 'ReportStatus' });

export const ReportReceipt = z
  .object({ id: Uuid, reviewId: Uuid, reason: ReportReason, createdAt: Instant })
  .meta({ id: 'ReportReceipt' });
export type ReportReceipt = z.output<typeof ReportReceipt>;

export const ReviewReport = z
  .object({
    id: Uuid,
    review: ReviewView,
    reporterId: Uuid,
    reason: ReportReason,
    comment: z.string().nullable(),
    status: ReportStatus,
    createdAt: Instant,
    closedAt: Instant.nullable(),
    closedBy: Uuid.nullable(),
  })
  .meta({ id: 'ReviewReport' });
export type ReviewReport = z.output<typeof ReviewReport>;

export const ListReports = z
  .strictObject({ status: ReportStatus.default('open'), ...PageQuery })
  .meta({ id: 'ListReports' });
export type ListReports = z.output<typeof ListReports>;

export const HideReview = z
  .strictObject({
    reason: PlainText(500).meta({ description: 'The reason, which is shown to the author of the review.' }),
  })
  .meta({ id: 'HideReview' });
export type HideReview = z.output<typeof HideReview>;
