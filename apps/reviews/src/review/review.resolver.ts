import {
  After,
  Arg,
  Args,
  BatchedEdge,
  Connection,
  type ConnectionPage,
  Edge,
  type EntityRef,
  First,
  ExternalEntity,
  Mutation,
  PageArguments,
  Parent,
  Query,
  Reference,
  Resolver,
  toConnection,
} from '@roost/graphql';
import { type AuthUser, CurrentUser, OptionalUser, Uuid } from '@roost/http';
import { z } from 'zod';
import { RatingReaderService } from '../rating/rating-reader.service.js';
import { RatingView } from '../rating/rating.dto.js';
import { ReplyService } from './reply.service.js';
import { ReviewReaderService } from './review-reader.service.js';
import {
  DirectionName,
  EditReview,
  PendingReview,
  type ReviewFilter,
  ReviewSort,
  ReviewView,
  WriteReply,
  WriteReview,
} from './review.dto.js';
import { ReviewService } from './review.service.js';

const User = ExternalEntity('User');
const Listing = ExternalEntity('Listing');
const Booking = ExternalEntity('Booking');
type Ref = z.output<EntityRef>;

const Reviews = Connection(ReviewView);
type Reviews = ConnectionPage<ReviewView>;

const rated = {
  sort: ReviewSort.default('newest'),
  overall: z.int().min(1).max(5).optional().meta({ description: 'Only reviews with this overall rating.' }),
};
const listingFilter = {
  ...rated,
  external: z
    .boolean()
    .optional()
    .meta({ description: 'Only external reviews, or only reviews of stays. By default both.' }),
};
type Filter = ReviewFilter & PageArguments;

const idsOf = (parents: readonly Ref[]) => parents.map(({ id }) => id);

@Resolver(ReviewView)
export class ReviewResolver {
  constructor(
    private readonly service: ReviewService,
    private readonly replies: ReplyService,
    private readonly reader: ReviewReaderService,
  ) {}

  @Query(ReviewView)
  @OptionalUser()
  review(@CurrentUser() viewer: AuthUser | null, @Arg('id', Uuid) id: string): Promise<ReviewView> {
    return this.reader.readOne(viewer, id);
  }

  @Query(Reviews, { description: 'The reviews of a listing.' })
  @OptionalUser()
  async reviews(
    @CurrentUser() viewer: AuthUser | null,
    @Args({ listingId: Uuid, ...listingFilter, ...PageArguments })
    { listingId, first: limit, after: cursor, ...filter }: { listingId: string } & Filter,
  ): Promise<Reviews> {
    const query = { ...filter, limit, cursor };
    const [list] = await this.reader.listPages({ kind: 'listing' }, [listingId], query, viewer);
    return toConnection(list ?? { data: [], nextCursor: null });
  }

  @Query(Connection(PendingReview), { description: 'The stays that you may still review.' })
  async pendingReviews(
    @CurrentUser() viewer: AuthUser,
    @Arg('first', First) limit: number,
    @Arg('after', After) cursor: string | undefined,
  ): Promise<ConnectionPage<PendingReview>> {
    return toConnection(await this.reader.listPending(viewer, { limit, cursor }));
  }

  @Mutation(ReviewView)
  writeReview(
    @CurrentUser() author: AuthUser,
    @Arg('bookingId', Uuid) bookingId: string,
    @Arg('input', WriteReview) input: WriteReview,
  ): Promise<ReviewView> {
    return this.service.write(author, bookingId, input);
  }

  @Mutation(ReviewView)
  editReview(
    @CurrentUser() author: AuthUser,
    @Arg('id', Uuid) id: string,
    @Arg('input', EditReview) input: EditReview,
  ): Promise<ReviewView> {
    return this.service.edit(author, id, input);
  }

  @Mutation(ReviewView)
  replyToReview(
    @CurrentUser() recipient: AuthUser,
    @Arg('id', Uuid) id: string,
    @Arg('input', WriteReply) input: WriteReply,
  ): Promise<ReviewView> {
    return this.replies.reply(recipient, id, input);
  }

  /** As `GET /v1/reviews/{id}` returns them; reviews for which it responds with 404 are omitted. */
  @Reference(ReviewView)
  @OptionalUser()
  visible(ids: readonly string[], viewer: AuthUser | null): Promise<ReviewView[]> {
    return this.reader.readVisible(viewer, ids);
  }

  @Edge(User.nullable())
  author(@Parent() review: ReviewView): Ref | null {
    return review.authorId === null ? null : { id: review.authorId };
  }

  @Edge(Listing.nullable())
  listing(@Parent() review: ReviewView): Ref {
    return { id: review.listingId };
  }

  @Edge(Booking.nullable(), { description: 'Visible to the guest and the host of the booking.' })
  booking(@Parent() review: ReviewView): Ref | null {
    return review.bookingId === null ? null : { id: review.bookingId };
  }
}

@Resolver(Listing)
export class ListingReviewsResolver {
  constructor(
    private readonly reader: ReviewReaderService,
    private readonly ratings: RatingReaderService,
  ) {}

  @BatchedEdge(Reviews.nullable(), { args: { ...listingFilter, ...PageArguments } })
  async reviews(
    listings: readonly Ref[],
    viewer: AuthUser | null,
    { first: limit, after: cursor, ...filter }: Filter,
  ): Promise<Reviews[]> {
    const query = { ...filter, limit, cursor };
    const lists = await this.reader.listPages({ kind: 'listing' }, idsOf(listings), query, viewer);
    return lists.map(toConnection);
  }

  @BatchedEdge(RatingView.nullable(), {
    description: 'The mean rating per category, and the number of ratings per star.',
  })
  ratingDetails(listings: readonly Ref[]): Promise<(RatingView | null)[]> {
    return this.ratings.ofSubjects(idsOf(listings));
  }

  @BatchedEdge(z.int().nullable(), {
    description: 'The number of external reviews, which are in no rating.',
  })
  externalReviewCount(listings: readonly Ref[]): Promise<number[]> {
    return this.ratings.externalCounts('listing', idsOf(listings));
  }
}

@Resolver(User)
export class UserReviewsResolver {
  constructor(
    private readonly reader: ReviewReaderService,
    private readonly ratings: RatingReaderService,
  ) {}

  @BatchedEdge(Reviews.nullable(), {
    args: { direction: DirectionName.optional(), ...rated, ...PageArguments },
    description: 'Reviews of this user as a guest, and of their listings.',
  })
  async reviews(
    users: readonly Ref[],
    viewer: AuthUser | null,
    {
      first: limit,
      after: cursor,
      direction,
      ...filter
    }: Filter & { direction?: z.output<typeof DirectionName> | undefined },
  ): Promise<Reviews[]> {
    const kind = { kind: 'person', direction } as const;
    const lists = await this.reader.listPages(kind, idsOf(users), { ...filter, limit, cursor }, viewer);
    return lists.map(toConnection);
  }

  @BatchedEdge(RatingView.nullable(), { description: 'The rating of this user as a guest.' })
  guestRating(users: readonly Ref[]): Promise<(RatingView | null)[]> {
    return this.ratings.ofSubjects(idsOf(users));
  }

  @BatchedEdge(RatingView.nullable(), {
    description: 'The rating of this user as a host, over all of their listings.',
  })
  hostRating(users: readonly Ref[]): Promise<(RatingView | null)[]> {
    return this.ratings.ofHosts(idsOf(users));
  }

  @BatchedEdge(z.int().nullable(), {
    description: 'The number of external reviews of all listings of this user.',
  })
  externalReviewCount(users: readonly Ref[]): Promise<number[]> {
    return this.ratings.externalCounts('host', idsOf(users));
  }
}

@Resolver(Booking)
export class BookingReviewsResolver {
  constructor(private readonly reader: ReviewReaderService) {}

  @BatchedEdge(z.array(ReviewView).nullable(), {
    description: 'Your own review, and both reviews once they are published.',
  })
  async reviews(bookings: readonly Ref[], viewer: AuthUser | null): Promise<(ReviewView[] | null)[]> {
    if (!viewer) return bookings.map(() => null);
    return await this.reader.listOfBookings(viewer, idsOf(bookings));
  }
}
