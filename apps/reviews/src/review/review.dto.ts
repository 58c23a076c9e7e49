import {
  documentedNumber,
  hasVisibleText,
  Instant,
  INVISIBLE_TEXT,
  IsoDate,
  LINES,
  PageQuery,
  Uuid,
} from '@roost/http';
import { z } from 'zod';
import { DIRECTIONS } from '../criteria/domain/direction.js';
import { type Category, CATEGORIES, type Scores } from '../criteria/domain/scores.js';
import { RatingView } from '../rating/rating.dto.js';
import type { PendingStay } from '../reviewable-stay/reviewable-stay.queries.js';
import type { Review } from './review.entity.js';

export const MAX_TEXT = 5_000;

/** The number of code points, as PostgreSQL counts characters. */
export const lengthOf = (text: string): number => [...text].length;

export const PlainText = (max: number) =>
  z
    .string()
    // A cheap limit before the text is processed: a character has at most four bytes.
    .max(4 * max, { error: `Must have at most ${max} characters`, abort: true })
    .transform((text) => text.replace(/\r\n?/g, '\n').trim())
    .pipe(
      z
        .string()
        .min(1, { error: 'Must not be empty' })
        .refine((text) => lengthOf(text) <= max, { error: `Must have at most ${max} characters` })
        .regex(LINES, { error: 'Must not contain control characters' })
        .refine(hasVisibleText, INVISIBLE_TEXT),
    )
    .meta({ minLength: 1, maxLength: max });

const Score = z.int().min(1).max(5);
const scores = Object.fromEntries(CATEGORIES.map((name) => [name, Score.optional()])) as Record<
  Category,
  z.ZodOptional<typeof Score>
>;

const categories = z.strictObject(scores).meta({
  id: 'GivenCategories',
  description:
    'A guest rates accuracy, checkIn, cleanliness, communication, location and value. A host rates cleanliness, rules and communication.',
});

export const WriteReview = z
  .strictObject({ overall: Score, categories, text: PlainText(MAX_TEXT) })
  .meta({ id: 'WriteReview' });
export type WriteReview = z.output<typeof WriteReview>;

export const EditReview = WriteReview.partial().meta({ id: 'EditReview' });
export type EditReview = z.output<typeof EditReview>;

export const WriteReply = z.strictObject({ text: PlainText(MAX_TEXT) }).meta({ id: 'WriteReply' });
export type WriteReply = z.output<typeof WriteReply>;

export const DirectionName = z.enum(DIRECTIONS).meta({ id: 'ReviewDirection' });

export const ReviewView = z
  .object({
    id: Uuid,
    direction: DirectionName,
    external: z.boolean().meta({
      description: 'Whether the review was imported. External reviews have neither ratings nor a booking.',
    }),
    bookingId: Uuid.nullable().meta({ description: 'Visible to the guest and the host of the booking.' }),
    listingId: Uuid,
    subjectId: Uuid.meta({ description: 'The reviewed listing or guest.' }),
    authorId: Uuid.nullable().meta({ description: 'Null for external reviews.' }),
    authorName: z
      .string()
      .nullable()
      .meta({ description: 'The current name of the author. Null if the account is erased.' }),
    overall: Score.nullable(),
    categories: z
      .object(scores)
      .nullable()
      .meta({ description: 'The rated categories. Null for external reviews.' }),
    text: z.string(),
    reply: z
      .object({
        authorId: Uuid.meta({ description: 'The recipient of the review: the host or the guest.' }),
        text: z.string(),
        writtenAt: Instant,
        moderated: z.boolean().meta({
          description: 'Whether the reply is hidden. Then only its author and administrators can see it.',
        }),
        hidden: z.object({ at: Instant, reason: z.string() }).nullable().meta({
          description: 'When and why an administrator has hidden the reply.',
        }),
      })
      .nullable()
      .meta({ id: 'ReviewReply' }),
    writtenAt: Instant,
    publishedAt: Instant.nullable().meta({
      description:
        'Null while only the author can see the review: until both sides have written one, or the review window ends.',
    }),
    hidden: z.object({ at: Instant, reason: z.string() }).nullable().meta({
      description:
        'Set if an administrator has hidden the review. Only its author and administrators can see it.',
    }),
  })
  .meta({ id: 'Review' });
export type ReviewView = z.output<typeof ReviewView>;

export interface Viewer {
  id: string;
  roles: readonly string[];
}

export function toReviewView(review: Review, authorName: string | null, viewer: Viewer | null): ReviewView {
  const seesBooking =
    viewer !== null &&
    (viewer.roles.includes('admin') || viewer.id === review.authorId || viewer.id === review.recipientId);
  const external = review.externalId !== null;
  return {
    id: review.id,
    direction: review.direction,
    external,
    bookingId: seesBooking ? review.bookingId : null,
    listingId: review.listingId,
    subjectId: review.subjectId,
    authorId: review.authorId,
    authorName: external ? review.externalAuthor : authorName,
    overall: review.overall,
    categories: review.categories && inOrder(review.categories),
    text: review.text,
    reply: toReplyView(review, viewer),
    writtenAt: review.writtenAt.toISOString(),
    publishedAt: review.publishedAt?.toISOString() ?? null,
    hidden: toHiddenView(review.hiddenAt, review.hiddenReason),
  };
}

function toReplyView(review: Review, viewer: Viewer | null): ReviewView['reply'] {
  const { reply, repliedAt, recipientId, replyHiddenAt, replyHiddenReason } = review;
  if (reply === null || repliedAt === null || recipientId === null) return null;
  const hidden = toHiddenView(replyHiddenAt, replyHiddenReason);
  const moderated = hidden !== null;
  if (moderated && viewer?.id !== recipientId && !viewer?.roles.includes('admin')) return null;
  return { authorId: recipientId, text: reply, writtenAt: repliedAt.toISOString(), moderated, hidden };
}

const toHiddenView = (at: Date | null, reason: string | null): ReviewView['hidden'] =>
  at && { at: at.toISOString(), reason: reason ?? '' };

/** Categories in a fixed order, so that equal reviews have equal ETags: `jsonb` does not keep the order of keys. */
const inOrder = (scores: Scores): Scores =>
  Object.fromEntries(
    CATEGORIES.filter((name) => scores[name] !== undefined).map((name) => [name, scores[name]]),
  );

export const ReviewSort = z.enum(['newest', 'highest_rating', 'lowest_rating']).meta({
  id: 'ReviewSort',
  description:
    'The order of a list; reviews with the same rating are sorted from the newest to the oldest. External reviews have no rating, so lists that are sorted by rating do not contain them.',
});
export type ReviewSort = z.output<typeof ReviewSort>;

export interface ReviewFilter {
  sort: ReviewSort;
  /** Only reviews with this overall rating. */
  overall?: number | undefined;
  /** Only external reviews, or none of them. */
  external?: boolean | undefined;
}

export interface PageOptions {
  limit: number;
  cursor?: string | undefined;
}

const ONE_TO_FIVE = { error: 'Must be a whole number from 1 to 5' };
const rated = {
  sort: ReviewSort.default('newest'),
  overall: z
    .string()
    .regex(/^[1-5]$/, ONE_TO_FIVE)
    .transform(Number)
    .optional()
    .meta({
      ...documentedNumber('integer', 1, 5),
      description: 'Only reviews with this overall rating.',
    }),
};

export const ListPending = z.strictObject(PageQuery).meta({ id: 'ListPending' });
export type ListPending = z.output<typeof ListPending>;

export const ListReviews = z
  .strictObject({
    ...rated,
    external: z
      .enum(['true', 'false'], { error: 'Must be true or false' })
      .transform((text) => text === 'true')
      .optional()
      .meta({ description: 'Only external reviews, or only reviews of stays. By default both.' }),
    ...PageQuery,
  })
  .meta({ id: 'ListReviews' });
export type ListReviews = z.output<typeof ListReviews>;

export const ListUserReviews = z
  .strictObject({ direction: DirectionName.optional(), ...rated, ...PageQuery })
  .meta({ id: 'ListUserReviews' });
export type ListUserReviews = z.output<typeof ListUserReviews>;

const page = { data: z.array(ReviewView), nextCursor: z.string().nullable() };

export const ListingReviews = z
  .object({
    rating: RatingView.nullable().meta({
      description: 'The rating of the listing. External reviews are not counted.',
    }),
    externalCount: z.int().meta({ description: 'The number of external reviews of the listing.' }),
    ...page,
  })
  .meta({ id: 'ListingReviews' });
export type ListingReviews = z.output<typeof ListingReviews>;

export const UserReviews = z
  .object({
    rating: RatingView.nullable().meta({ description: 'The rating of this user as a guest.' }),
    hostRating: RatingView.nullable().meta({
      description:
        'The rating of this user as a host, over all of their listings. External reviews are not counted.',
    }),
    externalCount: z.int().meta({
      description: 'The number of external reviews of all listings of this user.',
    }),
    ...page,
  })
  .meta({ id: 'UserReviews' });
export type UserReviews = z.output<typeof UserReviews>;

export const BookingReviews = z.object({ data: z.array(ReviewView) }).meta({ id: 'BookingReviews' });
export type BookingReviews = z.output<typeof BookingReviews>;

export const PendingReview = z
  .object({
    bookingId: Uuid,
    listingId: Uuid,
    hostId: Uuid,
    guestId: Uuid,
    direction: DirectionName,
    checkInDate: IsoDate,
    checkOutDate: IsoDate,
    closesAt: Instant.meta({ description: 'The end of the review window.' }),
  })
  .meta({ id: 'PendingReview' });
export type PendingReview = z.output<typeof PendingReview>;

export const toPendingReview = (stay: PendingStay): PendingReview => ({
  ...stay,
  closesAt: stay.closesAt.toISOString(),
});
