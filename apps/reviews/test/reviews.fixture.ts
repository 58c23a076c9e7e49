import { randomUUID } from 'node:crypto';
import type { EventBody } from '@roost/contracts';
import { addDays } from '@roost/stay';
import { golden, testUser, startTestService, type TestService, type TestUser } from '@roost/testing';
import { reviews } from '../src/service.js';

export type BookingBody = EventBody<'booking.created'>;

export interface ReviewBody {
  id: string;
  direction: string;
  external: boolean;
  bookingId: string | null;
  listingId: string;
  subjectId: string;
  authorId: string | null;
  authorName: string | null;
  overall: number | null;
  categories: Record<string, number> | null;
  text: string;
  reply: { authorId: string; text: string; writtenAt: string; moderated: boolean } | null;
  writtenAt: string;
  publishedAt: string | null;
  hidden: { at: string; reason: string } | null;
}

export interface RatingBody {
  mean: number;
  count: number;
  categories: Record<string, number>;
  histogram: number[];
}

export interface ReviewList {
  rating: RatingBody | null;
  /** In the lists of users. */
  hostRating?: RatingBody | null;
  externalCount: number;
  data: ReviewBody[];
  nextCursor: string | null;
}

export interface TestStay {
  bookingId: string;
  listingId: string;
  guest: TestUser;
  host: TestUser;
  booking: BookingBody;
  /** The end of the review window. */
  closesAt: string;
}

export const GUEST_CATEGORIES = ['accuracy', 'checkIn', 'cleanliness', 'communication', 'location', 'value'];
export const HOST_CATEGORIES = ['cleanliness', 'rules', 'communication'];

const rateAll = (names: string[], score: number) => Object.fromEntries(names.map((name) => [name, score]));

export const guestReview = (other: Record<string, unknown> = {}) => ({
  overall: 5,
  categories: rateAll(GUEST_CATEGORIES, 4),
  text: 'The boats below the window sang us to sleep.',
  ...other,
});

export const hostReview = (other: Record<string, unknown> = {}) => ({
  overall: 4,
  categories: rateAll(HOST_CATEGORIES, 5),
  text: 'They left the kitchen cleaner than it was.',
  ...other,
});

export async function startReviews(env: Record<string, string> = {}): Promise<ReviewsFixture> {
  return new ReviewsFixture(await startTestService(reviews, { env }));
}

/** Check-out in New York on 12 May 2027 at 11:00 (15:00 UTC). The window ends on the 26th at the same local time. */
export const CHECK_OUT = '2027-05-12T15:00:00.000Z';

export class ReviewsFixture {
  readonly admin = testUser({ roles: ['admin'] });

  constructor(readonly service: TestService) {}

  as(user: TestUser) {
    return this.service.as(user);
  }

  bookingBody(other: Partial<BookingBody> = {}): BookingBody {
    return {
      bookingId: randomUUID(),
      listingId: randomUUID(),
      hostId: randomUUID(),
      guestId: randomUUID(),
      state: 'confirmed',
      bookingMode: 'instant',
      checkInDate: '2027-05-10',
      checkOutDate: '2027-05-12',
      timeZone: 'America/New_York',
      checkInAt: '2027-05-10T19:00:00.000Z',
      checkOutAt: CHECK_OUT,
      guests: { adults: 2, children: [], infants: 0, pets: 0 },
      currency: 'USD',
      lines: [],
      totalMinor: 0,
      hostPayoutMinor: 0,
      platformFeeMinor: 0,
      taxMinor: 0,
      payoutDueAt: '2027-05-11T19:00:00.000Z',
      holdExpiresAt: null,
      ...other,
    };
  }

  async createBooking(
    options: { guest?: TestUser; host?: TestUser; listingId?: string } & Partial<BookingBody> = {},
  ): Promise<TestStay> {
    const { guest = testUser(), host = testUser({ roles: ['host'] }), ...other } = options;
    const booking = this.bookingBody({ ...other, guestId: guest.id, hostId: host.id });
    await this.service.deliver('booking.created', booking);
    const { bookingId, listingId } = booking;
    return {
      bookingId,
      listingId,
      guest,
      host,
      booking,
      closesAt: `${addDays(booking.checkOutDate, 14)}T15:00:00.000Z`,
    };
  }

  /** Creates a completed stay. */
  async createStay(options: Parameters<ReviewsFixture['createBooking']>[0] = {}): Promise<TestStay> {
    const stay = await this.createBooking(options);
    await this.complete(stay);
    return stay;
  }

  async complete(stay: TestStay, options: { times?: number } = {}): Promise<void> {
    await this.service.deliver('booking.completed', { ...stay.booking, state: 'completed' }, options);
  }

  async cancel(stay: TestStay, by: 'guest' | 'host' | 'admin', cancelledAt: string): Promise<void> {
    await this.service.deliver('booking.cancelled', {
      ...stay.booking,
      state: 'cancelled',
      by,
      refundMinor: 0,
      refundLines: [],
      hostPenaltyMinor: 0,
      cancelledAt,
    });
  }

  async setDisplayName(user: TestUser, displayName: string, version = 1): Promise<void> {
    await this.service.deliver(
      'user.registered',
      {
        userId: user.id,
        displayName,
        locale: 'en',
        roles: ['guest'],
        emailVerified: true,
        status: 'active',
      },
      { version },
    );
  }

  async suspend(user: TestUser, version = 2): Promise<void> {
    await this.service.deliver(
      'user.suspended',
      {
        userId: user.id,
        displayName: 'A user',
        locale: 'en',
        roles: ['guest'],
        emailVerified: true,
        status: 'suspended',
      },
      { version },
    );
  }

  write(user: TestUser, stay: TestStay, body: unknown, headers: Record<string, string> = {}) {
    return this.as(user).post<ReviewBody>(`/v1/bookings/${stay.bookingId}/reviews`, body, headers);
  }

  async createReview(
    user: TestUser,
    stay: TestStay,
    other: Record<string, unknown> = {},
  ): Promise<ReviewBody> {
    const body = user.id === stay.guest.id ? guestReview(other) : hostReview(other);
    const response = await this.write(user, stay, body);
    expect({ status: response.status, body: response.body }).toMatchObject({ status: 201 });
    return response.body;
  }

  /** Creates a stay with both reviews, which publishes them. */
  async createPublished(
    options: Parameters<ReviewsFixture['createBooking']>[0] & {
      guestInput?: Record<string, unknown>;
      hostInput?: Record<string, unknown>;
    } = {},
  ): Promise<{ stay: TestStay; ofListing: ReviewBody; ofGuest: ReviewBody }> {
    const { guestInput, hostInput, ...other } = options;
    const stay = await this.createStay(other);
    const ofGuest = await this.createReview(stay.host, stay, hostInput);
    const ofListing = await this.createReview(stay.guest, stay, guestInput);
    expect(ofListing.publishedAt).not.toBeNull();
    return { stay, ofListing, ofGuest };
  }

  async ofListing(listingId: string, query = ''): Promise<ReviewList> {
    const response = await this.service.anonymous.get<ReviewList>(
      `/v1/listings/${listingId}/reviews${query}`,
    );
    expect(response.status).toBe(200);
    return response.body;
  }

  async ofUser(userId: string, query = ''): Promise<ReviewList> {
    const response = await this.service.anonymous.get<ReviewList>(`/v1/users/${userId}/reviews${query}`);
    expect(response.status).toBe(200);
    return response.body;
  }

  /** A listing of which the service has an event. */
  async createListing(host: TestUser): Promise<string> {
    const listingId = randomUUID();
    const event = { ...golden('listing.published'), listingId, hostId: host.id };
    await this.service.deliver('listing.published', event, { version: 1 });
    return listingId;
  }

  async suspendListing(host: TestUser, listingId: string): Promise<void> {
    const event = {
      ...golden('listing.published'),
      listingId,
      hostId: host.id,
      status: 'suspended',
    } as const;
    await this.service.deliver('listing.suspended', event, { version: 2 });
  }

  /** Imports external reviews of a listing, from the newest to the oldest, and returns their ids. */
  async importExternal(listingId: string, count: number): Promise<string[]> {
    const rows = Array.from({ length: count }, (_, n) => ({
      externalId: randomUUID(),
      listingId,
      authorName: 'Zoë',
      text: `Text ${n}`,
      writtenAt: addDays('2024-02-29', -n),
    }));
    const { body } = await this.as(this.admin).post<{ results: { id: string }[] }>(
      '/v1/admin/imports/reviews',
      { source: 'elsewhere', rows },
    );
    return body.results.map(({ id }) => id);
  }

  async close(): Promise<void> {
    await this.service.close();
  }
}
