import { Instant, IsoDate, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';
import { RatingView } from '../rating/rating.dto.js';
import type { PendingStay } from '../stay/stay.queries.js';
import { DIRECTIONS } from './domain/direction.js';
import { type Category, CATEGORIES, type Scores } from './domain/scores.js';
import type { Review } from './review.entity.js';

export const MAX_TEXT = 5_000;
const control = /(?![\n\t])\p{Cc}/u;

/** Characters as people count them, which PostgreSQL does too. */
export const lengthOf = (text: string): number => [...text].length;

export const PlainText = (max: number) =>
  z
    .string()
    // Before anything that reads it: four bytes are the most a character takes.
    .max(4 * max, { error: `Must have at most ${max} characters`, abort: true })
    .transform((text) => text.replace(/\r\n?/g, '\n').trim())
    .pipe(
      z
        .string()
        .min(1, { error: 'Must not be empty' })
        .refine((text) => lengthOf(text) <= max, { error: `Must have at most ${max} characters` })
        .refine((text) => !control.test(text), { error: 'Must not hold control characters' })
        .meta({ maxLength: max }),
    );

const Score = z.int().min(1).max(5);
const scores = Object.fromEntries(CATEGORIES.map((name) => [name, Score.optional()])) as Record<
  Category,
  z.ZodOptional<typeof Score>
>;

const categories = z.strictObject(scores).meta({
  id: 'GivenCategories',
  description:
    'By a guest: accuracy, checkIn, cleanliness, communication, location, value. By a host: cleanliness, rules, communication.',
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
    external: z.boolean().meta({ description: 'Imported: a text without ratings and booking' }),
    bookingId: Uuid.nullable().meta({ description: 'For the two sides of the booking' }),
    listingId: Uuid,
    subjectId: Uuid.meta({ description: 'The listing, or the guest' }),
    authorId: Uuid.nullable().meta({ description: 'Null when external' }),
    authorName: z.string().nullable().meta({ description: 'As its author is called now; null when erased' }),
    overall: Score.nullable(),
    categories: z.object(scores).nullable().meta({ description: 'As given; null when external' }),
    text: z.string(),
    reply: z.object({ text: z.string(), writtenAt: Instant }).nullable().meta({ id: 'ReviewReply' }),
    writtenAt: Instant,
    publishedAt: Instant.nullable().meta({
      description:
        'Null while only its author can see it: until the other side has written, too, or the time is over',
    }),
    hidden: z
      .object({ at: Instant, reason: z.string() })
      .nullable()
      .meta({ description: 'By an administrator; only its author and administrators still see it' }),
  })
  .meta({ id: 'Review' });
export type ReviewView = z.output<typeof ReviewView>;

export interface Viewer {
  id: string;
  roles: readonly string[];
}

export function toReviewView(review: Review, authorName: string | null, viewer: Viewer | null): ReviewView {
  const involved =
    viewer !== null &&
    (viewer.roles.includes('admin') || viewer.id === review.authorId || viewer.id === review.recipientId);
  const external = review.externalId !== null;
  return {
    id: review.id,
    direction: review.direction,
    external,
    bookingId: involved ? review.bookingId : null,
    listingId: review.listingId,
    subjectId: review.subjectId,
    authorId: review.authorId,
    authorName: external ? review.externalAuthor : authorName,
    overall: review.overall,
    categories: review.categories && inOrder(review.categories),
    text: review.text,
    reply:
      review.reply === null || review.repliedAt === null
        ? null
        : { text: review.reply, writtenAt: review.repliedAt.toISOString() },
    writtenAt: review.writtenAt.toISOString(),
    publishedAt: review.publishedAt?.toISOString() ?? null,
    hidden:
      review.hiddenAt === null
        ? null
        : { at: review.hiddenAt.toISOString(), reason: review.hiddenReason ?? '' },
  };
}

/** One order whatever the database made of it: equal reviews are equal texts, and have equal tags. */
const inOrder = (given: Scores): Scores =>
  Object.fromEntries(
    CATEGORIES.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]),
  );

export const ListReviews = z.strictObject(PageQuery).meta({ id: 'ListReviews' });
export type ListReviews = z.output<typeof ListReviews>;

export const ListUserReviews = z
  .strictObject({ direction: DirectionName.optional(), ...PageQuery })
  .meta({ id: 'ListUserReviews' });
export type ListUserReviews = z.output<typeof ListUserReviews>;

const page = { data: z.array(ReviewView), nextCursor: z.string().nullable() };

export const ListingReviews = z
  .object({
    rating: RatingView.nullable().meta({ description: 'Of the reviews of stays; external ones have none' }),
    ...page,
  })
  .meta({ id: 'ListingReviews' });
export type ListingReviews = z.output<typeof ListingReviews>;

export const UserReviews = z
  .object({ rating: RatingView.nullable().meta({ description: 'Of this person as a guest' }), ...page })
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
    closesAt: Instant.meta({ description: 'No review is taken from then on' }),
  })
  .meta({ id: 'PendingReview' });
export type PendingReview = z.output<typeof PendingReview>;

export const toPendingReview = (stay: PendingStay): PendingReview => ({
  ...stay,
  closesAt: stay.closesAt.toISOString(),
});
