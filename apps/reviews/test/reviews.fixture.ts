import { randomUUID } from 'node:crypto';
import type { EventBody } from '@roost/contracts';
import { addDays } from '@roost/stay';
import { aUser, startTestService, type TestService, type TestUser } from '@roost/testing';
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
  reply: { text: string; writtenAt: string } | null;
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
  data: ReviewBody[];
  nextCursor: string | null;
}

export interface TestStay {
  bookingId: string;
  listingId: string;
  guest: TestUser;
  host: TestUser;
  booking: BookingBody;
  /** When nobody can review it any more. */
  closesAt: string;
}

export const GUEST_CATEGORIES = ['accuracy', 'checkIn', 'cleanliness', 'communication', 'location', 'value'];
export const HOST_CATEGORIES = ['cleanliness', 'rules', 'communication'];

const all = (names: string[], score: number) => Object.fromEntries(names.map((name) => [name, score]));

export const byGuest = (other: Record<string, unknown> = {}) => ({
  overall: 5,
  categories: all(GUEST_CATEGORIES, 4),
  text: 'The boats below the window sang us to sleep.',
  ...other,
});

export const byHost = (other: Record<string, unknown> = {}) => ({
  overall: 4,
  categories: all(HOST_CATEGORIES, 5),
  text: 'They left the kitchen cleaner than it was.',
  ...other,
});

export async function startReviews(env: Record<string, string> = {}): Promise<ReviewsUnderTest> {
  return new ReviewsUnderTest(await startTestService(reviews, { env }));
}

/** New York, out at 11:00 on 12 May 2027: 15:00 UTC; the window closes at the same local time on the 26th. */
export const CHECK_OUT = '2027-05-12T15:00:00.000Z';

export class ReviewsUnderTest {
  readonly admin = aUser({ roles: ['admin'] });

  constructor(readonly service: TestService) {}

  as(user: TestUser) {
    return this.service.as(user);
  }

  aBooking(other: Partial<BookingBody> = {}): BookingBody {
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

  async givenBooking(
    given: { guest?: TestUser; host?: TestUser; listingId?: string } & Partial<BookingBody> = {},
  ): Promise<TestStay> {
    const { guest = aUser(), host = aUser({ roles: ['host'] }), ...other } = given;
    const booking = this.aBooking({ ...other, guestId: guest.id, hostId: host.id });
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

  /** Checked out, and the clock stands an hour later. */
  async givenStay(given: Parameters<ReviewsUnderTest['givenBooking']>[0] = {}): Promise<TestStay> {
    const stay = await this.givenBooking(given);
    await this.completed(stay);
    return stay;
  }

  async completed(stay: TestStay, options: { times?: number } = {}): Promise<void> {
    await this.service.deliver('booking.completed', { ...stay.booking, state: 'completed' }, options);
  }

  async cancelled(stay: TestStay, by: 'guest' | 'host' | 'admin', cancelledAt: string): Promise<void> {
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

  async named(user: TestUser, displayName: string, version = 1): Promise<void> {
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

  async suspended(user: TestUser, version = 2): Promise<void> {
    await this.service.deliver(
      'user.suspended',
      {
        userId: user.id,
        displayName: 'Somebody',
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

  async givenReview(
    user: TestUser,
    stay: TestStay,
    other: Record<string, unknown> = {},
  ): Promise<ReviewBody> {
    const body = user.id === stay.guest.id ? byGuest(other) : byHost(other);
    const answer = await this.write(user, stay, body);
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 201 });
    return answer.body;
  }

  /** Both have written, so both are published. */
  async givenPublished(
    given: Parameters<ReviewsUnderTest['givenBooking']>[0] & {
      guestWrites?: Record<string, unknown>;
      hostWrites?: Record<string, unknown>;
    } = {},
  ): Promise<{ stay: TestStay; ofListing: ReviewBody; ofGuest: ReviewBody }> {
    const { guestWrites, hostWrites, ...other } = given;
    const stay = await this.givenStay(other);
    const ofGuest = await this.givenReview(stay.host, stay, hostWrites);
    const ofListing = await this.givenReview(stay.guest, stay, guestWrites);
    expect(ofListing.publishedAt).not.toBeNull();
    return { stay, ofListing, ofGuest };
  }

  async ofListing(listingId: string, query = ''): Promise<ReviewList> {
    const answer = await this.service.anonymous.get<ReviewList>(`/v1/listings/${listingId}/reviews${query}`);
    expect(answer.status).toBe(200);
    return answer.body;
  }

  async ofUser(userId: string, query = ''): Promise<ReviewList> {
    const answer = await this.service.anonymous.get<ReviewList>(`/v1/users/${userId}/reviews${query}`);
    expect(answer.status).toBe(200);
    return answer.body;
  }

  async close(): Promise<void> {
    await this.service.close();
  }
}
