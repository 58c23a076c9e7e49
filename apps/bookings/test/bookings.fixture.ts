import { randomUUID } from 'node:crypto';
import type { EventBody, EventType } from '@roost/contracts';
import { Sweeper } from '@roost/platform';
import { DEFAULT_STAY_RULES, PriceRules } from '@roost/pricing';
import {
  testUser,
  expectGolden,
  startTestService,
  type TestResponse,
  type TestService,
  type TestUser,
} from '@roost/testing';
import type { z } from 'zod';
import { Booking, CancellationPreview, type Booking as BookingDto } from '../src/booking/booking.dto.js';
import { Quote, type Quote as QuoteDto } from '../src/quote/quote.dto.js';
import { bookings } from '../src/service.js';
import { CalendarUnderTest } from './calendar.fixture.js';
import { ChangesUnderTest } from './changes.fixture.js';
import { PaymentEvents } from './payments.fixture.js';

type ListingBody = EventBody<'listing.published'>;
type BookingEventType = Extract<EventType, `booking.${string}`>;
export type UserStatusEvent = 'user.suspended' | 'user.reinstated' | 'user.erased';

const USER_STATUS = {
  'user.suspended': 'suspended',
  'user.reinstated': 'active',
  'user.erased': 'erased',
} as const;

export interface TestListing {
  id: string;
  host: TestUser;
  body: ListingBody;
}

export interface TestBooking {
  id: string;
  guest: TestUser;
  listing: TestListing;
  quote: QuoteDto;
  dto: BookingDto;
  paymentId: string;
}

export interface StayRequest {
  checkInDate?: string;
  checkOutDate?: string;
  guests?: object;
}

interface BookingRequest extends StayRequest {
  listing?: TestListing;
  guest?: TestUser;
}

export interface BookingsOptions {
  /** The domain time at the start; `initialTime` by default. */
  at?: string;
  env?: Record<string, string>;
  /** Sets the domain time back to `at` before each test. */
  resetClock?: boolean;
}

/** A Tuesday. Unless a spec says otherwise, stays are in June of that year, in New York. */
export const initialTime = '2027-03-02T12:00:00Z';
export const juneStay = { checkInDate: '2027-06-10', checkOutDate: '2027-06-14' };
/** The total of `juneStay` in minor units: 4 × 100.00, cleaning 50.00, service fee 63.00 (14 %). */
export const juneTotalMinor = 51_300;

/** Starts the bookings service before the tests of the file and stops it after them. */
export function useBookings(options: BookingsOptions = {}): BookingsUnderTest {
  const { at = initialTime, env, resetClock = false } = options;
  let service: TestService | undefined;
  const underTest = new BookingsUnderTest(() => {
    if (!service) throw new Error('The service has not started.');
    return service;
  });
  beforeAll(async () => {
    service = await startTestService(bookings, env ? { env } : {});
    await service.clock.set(at);
  });
  if (resetClock) beforeEach(() => underTest.service.clock.set(at));
  afterAll(async () => {
    if (service) await underTest.close();
  });
  return underTest;
}

/** A second instance of the service on the same database, and on the same Redis with `sharedRedis`. */
export async function startReplica(
  { service }: BookingsUnderTest,
  { sharedRedis = false } = {},
): Promise<TestService> {
  const names = ['DATABASE_URL', ...(sharedRedis ? ['REDIS_URL', 'REDIS_PREFIX'] : [])];
  const env = Object.fromEntries(names.map((name) => [name, service.env[name] ?? '']));
  const replica = await startTestService(bookings, { env });
  // A spec moves the clock of one process.
  await replica.clock.set(service.clock.now());
  return replica;
}

/** The bookings service with the set-up steps of its specs. The specs publish the events of listings and payments. */
export class BookingsUnderTest {
  readonly payments = new PaymentEvents(this);
  readonly changes = new ChangesUnderTest(this);
  readonly calendar = new CalendarUnderTest(this);
  private listingVersion = 0;

  constructor(private readonly running: () => TestService) {}

  get service(): TestService {
    return this.running();
  }

  /** Checks all published events against their fixtures, since consumers are tested with the fixtures. */
  async close(): Promise<void> {
    try {
      await expectGolden(this.service);
    } finally {
      await this.service.close();
    }
  }

  as(user: TestUser) {
    return this.service.as(user);
  }

  now(): string {
    return this.service.clock.now().toISOString();
  }

  async givenListing(
    overrides: Partial<ListingBody> & { host?: TestUser; price?: Partial<PriceRules>; rules?: object } = {},
  ): Promise<TestListing> {
    const { host = testUser({ roles: ['host'] }), price, rules, ...rest } = overrides;
    const body: ListingBody = {
      listingId: randomUUID(),
      hostId: host.id,
      status: 'published',
      title: 'A flat by the river',
      city: 'Albany',
      countryCode: 'US',
      timeZone: 'America/New_York',
      checkInFrom: '15:00',
      checkOutUntil: '11:00',
      currency: 'USD',
      bookingMode: 'instant',
      capacity: 4,
      maxPets: 0,
      pricing: PriceRules.parse({ basePriceMinor: 10_000, cleaningFeeMinor: 5_000, ...price }),
      stayRules: { ...DEFAULT_STAY_RULES, ...rules },
      cancellationPolicy: 'flexible',
      coverUrl: null,
      ...rest,
    };
    await this.publishListing(body);
    return { id: body.listingId, host, body };
  }

  /** A house and its rooms, not linked yet. */
  async givenHouse(rooms = 2, overrides: { rules?: object } = {}) {
    const house = await this.givenListing(overrides);
    const { host } = house;
    const all: TestListing[] = [];
    for (let made = 0; made < rooms; made += 1) all.push(await this.givenListing({ host }));
    return { house, host, rooms: all as [TestListing, TestListing, ...TestListing[]] };
  }

  /** Delivers the current state of a listing. */
  async publishListing(body: ListingBody, version = ++this.listingVersion): Promise<void> {
    await this.service.deliver('listing.published', body, { version });
  }

  async publishUserStatus(type: UserStatusEvent, user: TestUser, version: number): Promise<void> {
    const status = USER_STATUS[type];
    const body = {
      userId: user.id,
      displayName: 'Ann',
      locale: 'en',
      roles: [],
      emailVerified: true,
      status,
    };
    await this.service.deliver(type, body, { version });
  }

  quote(guest: TestUser, listing: { id: string }, stay: StayRequest = {}): Promise<TestResponse<QuoteDto>> {
    return this.as(guest).post<QuoteDto>('/v1/quotes', {
      listingId: listing.id,
      ...juneStay,
      guests: { adults: 2 },
      ...stay,
    });
  }

  async givenQuote(guest: TestUser, listing: { id: string }, stay: StayRequest = {}): Promise<QuoteDto> {
    const response = await this.quote(guest, listing, stay);
    expect({ status: response.status, body: response.body }).toMatchObject({ status: 201 });
    return expectShape(Quote, response.body);
  }

  book(guest: TestUser, quoteId: string): Promise<TestResponse<BookingDto>> {
    return this.as(guest).post<BookingDto>('/v1/bookings', { quoteId });
  }

  async givenBooking(given: BookingRequest = {}): Promise<TestBooking> {
    const { listing = await this.givenListing(), guest = testUser(), ...stay } = given;
    const quote = await this.givenQuote(guest, listing, stay);
    const { status, body } = await this.book(guest, quote.id);
    expect({ status, body }).toMatchObject({ status: 201 });
    expectShape(Booking, body);
    return { id: body.id, guest, listing, quote, dto: body, paymentId: randomUUID() };
  }

  async givenConfirmed(given: BookingRequest = {}): Promise<TestBooking> {
    const booking = await this.givenBooking(given);
    await this.payments.captured(booking);
    return booking;
  }

  async givenRequest(given: BookingRequest = {}): Promise<TestBooking> {
    const listing = given.listing ?? (await this.givenListing({ bookingMode: 'request' }));
    const booking = await this.givenBooking({ ...given, listing });
    await this.payments.authorized(booking);
    return booking;
  }

  /** The booking as its guest sees it. */
  async read(booking: TestBooking): Promise<BookingDto> {
    const response = await this.as(booking.guest).get<BookingDto>(`/v1/bookings/${booking.id}`);
    expect(response.status).toBe(200);
    return expectShape(Booking, response.body);
  }

  async stateOf(booking: TestBooking): Promise<string> {
    return (await this.read(booking)).state;
  }

  accept(booking: TestBooking): Promise<TestResponse<BookingDto>> {
    return this.as(booking.listing.host).post<BookingDto>(`/v1/bookings/${booking.id}/accept`);
  }

  decline(booking: TestBooking, reason = 'Family is coming'): Promise<TestResponse<BookingDto>> {
    return this.as(booking.listing.host).post<BookingDto>(`/v1/bookings/${booking.id}/decline`, { reason });
  }

  /** `refundMinor` is the refund that an administrator chooses. */
  cancel(
    booking: TestBooking,
    by: 'guest' | 'host' | 'admin' = 'guest',
    refundMinor = 0,
  ): Promise<TestResponse<BookingDto>> {
    const reason = 'Plans changed';
    if (by === 'admin') {
      const path = `/v1/admin/bookings/${booking.id}/cancel`;
      return this.as(testUser({ roles: ['admin'] })).post<BookingDto>(path, { reason, refundMinor });
    }
    const user = by === 'guest' ? booking.guest : booking.listing.host;
    return this.as(user).post<BookingDto>(`/v1/bookings/${booking.id}/cancel`, { reason });
  }

  async previewCancellation(booking: TestBooking, user = booking.guest): Promise<CancellationPreview> {
    const response = await this.as(user).get(`/v1/bookings/${booking.id}/cancellation`);
    expect(response.status).toBe(200);
    return expectShape(CancellationPreview, response.body);
  }

  /** The committed events of one type about a booking, oldest first. */
  async publishedFor<T extends BookingEventType>(type: T, { id }: { id: string }): Promise<EventBody<T>[]> {
    return (await this.service.published(type)).filter(({ bookingId }) => bookingId === id);
  }

  /** Moves the deadline of the booking into the past without a sweep. */
  async makeOverdue(booking: TestBooking): Promise<void> {
    await this.service.query(
      `UPDATE booking SET due_at = $2::timestamptz - interval '1 second' WHERE id = $1`,
      [booking.id, this.now()],
    );
  }

  /** Runs all sweeps. Waits for a periodic one that is running as well: it may have locked the rows that are due. */
  sweep(): Promise<void> {
    return this.service.get(Sweeper).runAll();
  }
}

/** Checks that the body matches its schema and has no further field. */
export function expectShape<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const parsed = schema.parse(body);
  expect(body).toEqual(parsed);
  return parsed;
}
