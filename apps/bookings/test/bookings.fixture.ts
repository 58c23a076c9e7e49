import { randomUUID } from 'node:crypto';
import type { EventBody } from '@roost/contracts';
import { DEFAULT_STAY_RULES, PriceRules } from '@roost/pricing';
import {
  aUser,
  startTestService,
  statementsDuring,
  expectLikeGolden,
  type TestResponse,
  type TestService,
  type TestUser,
} from '@roost/testing';
import type { z } from 'zod';
import { BookingSweeper } from '../src/booking/booking-sweeper.jobs.js';
import { Booking, type Booking as BookingDto, CancellationPreview } from '../src/booking/booking.dto.js';
import { BookingChange, type BookingChange as ChangeDto } from '../src/booking/change/change.dto.js';
import { Quote, type Quote as QuoteDto } from '../src/quote/quote.dto.js';
import { bookings } from '../src/service.js';

type ListingBody = EventBody<'listing.published'>;
type PaymentBody = EventBody<'payment.created'>;

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

export interface StayWish {
  checkInDate?: string;
  checkOutDate?: string;
  guests?: object;
}

/** A Tuesday; the stays of the specs are in June of that year, in New York unless said otherwise. */
export const start = '2027-03-02T12:00:00Z';
export const june = { checkInDate: '2027-06-10', checkOutDate: '2027-06-14' };

export async function startBookings(
  options: { at?: string; env?: Record<string, string> } = {},
): Promise<BookingsUnderTest> {
  const service = await startTestService(bookings, options.env ? { env: options.env } : {});
  await service.clock.set(options.at ?? start);
  return new BookingsUnderTest(service);
}

/** The bookings service with the sentences that its specs are made of. Payments and listings are events told by the spec. */
export class BookingsUnderTest {
  private version = 0;

  constructor(readonly service: TestService) {}

  /** Whatever a spec was about: what it had published is what consumers are tested with. */
  async close(): Promise<void> {
    try {
      await expectLikeGolden(this.service);
    } finally {
      await this.service.close();
    }
  }

  as(user: TestUser) {
    return this.service.as(user);
  }

  async givenListing(
    overrides: Partial<ListingBody> & { host?: TestUser; price?: Partial<PriceRules>; rules?: object } = {},
  ): Promise<TestListing> {
    const { host = aUser({ roles: ['host'] }), price, rules, ...rest } = overrides;
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
    await this.tell(body);
    return { id: body.listingId, host, body };
  }

  /** What listings would say about it now. */
  async tell(body: ListingBody, version = ++this.version): Promise<void> {
    await this.service.deliver('listing.published', body, { version });
  }

  quote(guest: TestUser, listing: { id: string }, wish: StayWish = {}): Promise<TestResponse<QuoteDto>> {
    return this.service
      .as(guest)
      .post<QuoteDto>('/v1/quotes', { listingId: listing.id, ...june, guests: { adults: 2 }, ...wish });
  }

  async givenQuote(guest: TestUser, listing: { id: string }, wish: StayWish = {}): Promise<QuoteDto> {
    const answer = await this.quote(guest, listing, wish);
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 201 });
    return shaped(Quote, answer.body);
  }

  async givenBooking(
    given: StayWish & { listing?: TestListing; guest?: TestUser } = {},
  ): Promise<TestBooking> {
    const { listing = await this.givenListing(), guest = aUser(), ...wish } = given;
    const quote = await this.givenQuote(guest, listing, wish);
    const answer = await this.as(guest).post<BookingDto>('/v1/bookings', { quoteId: quote.id });
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 201 });
    shaped(Booking, answer.body);
    return { id: answer.body.id, guest, listing, quote, dto: answer.body, paymentId: randomUUID() };
  }

  async givenConfirmed(
    given: StayWish & { listing?: TestListing; guest?: TestUser } = {},
  ): Promise<TestBooking> {
    const booking = await this.givenBooking(given);
    await this.captured(booking);
    return booking;
  }

  async givenRequest(
    given: StayWish & { listing?: TestListing; guest?: TestUser } = {},
  ): Promise<TestBooking> {
    const listing = given.listing ?? (await this.givenListing({ bookingMode: 'request' }));
    const booking = await this.givenBooking({ ...given, listing });
    await this.authorized(booking);
    return booking;
  }

  /** As its guest sees it. */
  async read(booking: TestBooking): Promise<BookingDto> {
    const answer = await this.as(booking.guest).get<BookingDto>(`/v1/bookings/${booking.id}`);
    expect(answer.status).toBe(200);
    return shaped(Booking, answer.body);
  }

  async stateOf(booking: TestBooking): Promise<string> {
    return (await this.read(booking)).state;
  }

  async captured(booking: TestBooking, options: { id?: string; times?: number } = {}): Promise<void> {
    const paid = { ...paymentOf(booking, 'captured'), capturedMinor: booking.dto.totalMinor };
    await this.service.deliver('payment.captured', { ...paid, capturedAt: this.now() }, options);
  }

  async authorized(booking: TestBooking, captureBefore = '2027-12-31T00:00:00Z'): Promise<void> {
    const held = { ...paymentOf(booking, 'authorized'), authorizedMinor: booking.dto.totalMinor };
    await this.service.deliver('payment.authorized', { ...held, captureBefore });
  }

  /** An administrator gives so much back on the payment of the booking, or of a change; or, for another reason, payments does. */
  async refunded(
    booking: TestBooking,
    refundAmountMinor: number,
    options: { id?: string; times?: number; change?: ChangeDto; reason?: string } = {},
  ): Promise<void> {
    const { change, reason = 'admin', ...delivery } = options;
    const payment = change
      ? changePaymentOf(booking, change, 'partially_refunded')
      : paymentOf(booking, 'partially_refunded');
    await this.service.deliver(
      'payment.refunded',
      {
        ...payment,
        capturedMinor: payment.amountMinor,
        refundedMinor: refundAmountMinor,
        refundId: randomUUID(),
        refundAmountMinor,
        reason,
      },
      delivery,
    );
  }

  async failed(booking: TestBooking): Promise<void> {
    await this.service.deliver('payment.failed', { ...paymentOf(booking, 'failed'), code: 'card_declined' });
  }

  async voided(booking: TestBooking): Promise<void> {
    await this.service.deliver('payment.voided', paymentOf(booking, 'voided'));
  }

  propose(
    booking: TestBooking,
    wish: StayWish,
    by: TestUser = booking.guest,
    headers: Record<string, string> = {},
  ): Promise<TestResponse<ChangeDto>> {
    return this.as(by).post<ChangeDto>(`/v1/bookings/${booking.id}/changes`, wish, headers);
  }

  async givenChange(booking: TestBooking, wish: StayWish, by: TestUser = booking.guest): Promise<ChangeDto> {
    const answer = await this.propose(booking, wish, by);
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 201 });
    return shaped(BookingChange, answer.body);
  }

  answerChange(
    booking: TestBooking,
    change: ChangeDto,
    what: 'accept' | 'decline' | 'withdraw',
    by: TestUser = change.proposedBy === 'guest' ? booking.listing.host : booking.guest,
    headers: Record<string, string> = {},
  ): Promise<TestResponse<ChangeDto>> {
    const path = `/v1/bookings/${booking.id}/changes/${change.id}/${what}`;
    return this.as(by).post<ChangeDto>(path, undefined, headers);
  }

  /** Proposed and accepted; it waits for its payment where more is due. */
  async givenAccepted(
    booking: TestBooking,
    wish: StayWish,
    by: TestUser = booking.guest,
  ): Promise<ChangeDto> {
    const answer = await this.answerChange(booking, await this.givenChange(booking, wish, by), 'accept');
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 200 });
    return shaped(BookingChange, answer.body);
  }

  async readChange(booking: TestBooking, change: ChangeDto): Promise<ChangeDto> {
    const answer = await this.as(booking.guest).get(`/v1/bookings/${booking.id}/changes/${change.id}`);
    expect(answer.status).toBe(200);
    return shaped(BookingChange, answer.body);
  }

  /** The guest pays what the change costs more. */
  async changePaid(
    booking: TestBooking,
    change: ChangeDto,
    options: { id?: string; times?: number } = {},
  ): Promise<void> {
    const amountMinor = change.differenceMinor;
    const paid = { ...changePaymentOf(booking, change, 'captured'), capturedMinor: amountMinor };
    await this.service.deliver('payment.captured', { ...paid, capturedAt: this.now() }, options);
  }

  async changeUnpaid(booking: TestBooking, change: ChangeDto): Promise<void> {
    await this.service.deliver('payment.voided', changePaymentOf(booking, change, 'voided'));
  }

  async isFree(listing: TestListing, night: string): Promise<boolean> {
    const to = new Date(Date.parse(night) + 86_400_000).toISOString().slice(0, 10);
    const answer = await this.service.anonymous.get<{ data: { available: boolean }[] }>(
      `/v1/listings/${listing.id}/calendar?from=${night}&to=${to}`,
    );
    expect(answer.status).toBe(200);
    return answer.body.data[0]?.available === true;
  }

  /** `refundMinor` is for an administrator to say. */
  cancel(
    booking: TestBooking,
    by: 'guest' | 'host' | 'admin' = 'guest',
    refundMinor = 0,
  ): Promise<TestResponse<BookingDto>> {
    const reason = 'Plans changed';
    if (by === 'admin') {
      const path = `/v1/admin/bookings/${booking.id}/cancel`;
      return this.as(aUser({ roles: ['admin'] })).post<BookingDto>(path, { reason, refundMinor });
    }
    const user = by === 'guest' ? booking.guest : booking.listing.host;
    return this.as(user).post<BookingDto>(`/v1/bookings/${booking.id}/cancel`, { reason });
  }

  /** What a cancel would give back now. */
  async preview(booking: TestBooking, user: TestUser = booking.guest): Promise<CancellationPreview> {
    const answer = await this.as(user).get(`/v1/bookings/${booking.id}/cancellation`);
    expect(answer.status).toBe(200);
    return shaped(CancellationPreview, answer.body);
  }

  /** Pairs of rows of one space that no two owners may have at once, found without the constraint's help. */
  async overlaps(): Promise<unknown[]> {
    return await this.service.query(
      `SELECT a.owner_id, b.owner_id AS other FROM calendar_entry a JOIN calendar_entry b ON a.space_id = b.space_id
       WHERE a.live AND b.live AND a.owner_id < b.owner_id AND (a.kind = 'stay' OR b.kind = 'stay')
         AND lower(a.nights) < upper(b.nights) AND lower(b.nights) < upper(a.nights)`,
    );
  }

  /** Its time is up, and no sweeper has come by yet. */
  async givenOverdue(booking: TestBooking): Promise<void> {
    await this.service.query(
      `UPDATE booking SET due_at = $2::timestamptz - interval '1 second' WHERE id = $1`,
      [booking.id, this.now()],
    );
  }

  /** Nights that nobody who is alive holds. */
  async leaked(): Promise<unknown[]> {
    return await this.service.query(
      `SELECT e.* FROM calendar_entry e
       WHERE NOT EXISTS (SELECT FROM calendar_block k WHERE k.owner_id = e.owner_id)
         AND NOT EXISTS (SELECT FROM calendar_import i WHERE i.owner_id = e.owner_id)
         AND NOT EXISTS (SELECT FROM calendar_feed f WHERE f.owner_id = e.owner_id)
         AND NOT EXISTS (SELECT FROM booking b WHERE b.owner_id = e.owner_id
           AND b.state NOT IN ('cancelled', 'declined', 'expired'))`,
    );
  }

  /** Nights held for a change that is not open any more, and open changes that hold none of theirs. */
  async strayHolds(): Promise<unknown[]> {
    return await this.service.query(
      `SELECT e.change_id FROM calendar_entry e LEFT JOIN booking_change c ON c.id = e.change_id
       WHERE e.change_id IS NOT NULL AND (c.id IS NULL OR c.state NOT IN ('proposed', 'awaiting_payment'))
       UNION ALL
       SELECT c.id FROM booking_change c JOIN booking b ON b.id = c.booking_id
       JOIN listing_space s ON s.listing_id = b.calendar_listing_id
       LEFT JOIN calendar_entry e ON e.change_id = c.id AND e.owner_id = b.owner_id AND e.space_id = s.space_id
         AND e.kind = 'stay' AND e.live AND lower(e.nights) = c.check_in_date AND upper(e.nights) = c.check_out_date
       WHERE c.state IN ('proposed', 'awaiting_payment') AND e.id IS NULL
         AND (c.check_in_date, c.check_out_date) <> (b.check_in_date, b.check_out_date)`,
    );
  }

  /** Live bookings and blocks that do not hold their nights in each space of their listing. */
  async unheld(): Promise<unknown[]> {
    return await this.service.query(
      `SELECT o.owner_id, s.space_id FROM (
         SELECT owner_id, calendar_listing_id AS listing_id, 'stay' AS kind, check_in_date AS first, check_out_date AS last
         FROM booking WHERE state NOT IN ('cancelled', 'declined', 'expired')
         UNION ALL SELECT owner_id, listing_id, 'block', from_date, to_date FROM calendar_block) o
       JOIN listing_space s ON s.listing_id = o.listing_id
       LEFT JOIN calendar_entry e ON e.owner_id = o.owner_id AND e.space_id = s.space_id AND e.kind = o.kind AND e.live
         AND e.change_id IS NULL AND lower(e.nights) = o.first AND upper(e.nights) = o.last
       WHERE e.id IS NULL`,
    );
  }

  sweep(): Promise<void> {
    return this.service.get(BookingSweeper).sweep();
  }

  /** What `work` has the service say about bookings, and nothing of what goes on beside it. */
  async statementsOf(work: () => Promise<void>): Promise<string[]> {
    const said = await statementsDuring(work);
    const writing = said.findIndex(({ text }) => text.includes('INSERT INTO booking'));
    const { client } = said[writing] ?? {};
    const own = said.filter((each) => each.client === client).map(({ text }) => text);
    const mine = own.findIndex((text) => text.includes('INSERT INTO booking'));
    const begin = own.findLastIndex((text, index) => index < mine && /^(begin|start)/i.test(text));
    const commit = own.findIndex((text, index) => index > mine && /^commit/i.test(text));
    const elsewhere = said
      .filter(
        (each) =>
          each.client !== client &&
          /idempotency_key|quote|listing_snapshot|INTO booking/.test(each.text) &&
          !each.text.includes('calendar_mark'),
      )
      .map(({ text }) => text);
    return [...own.slice(begin, commit + 1), ...elsewhere];
  }

  private now(): string {
    return this.service.clock.now().toISOString();
  }
}

/** The answer is as its schema has it, with not a field more. */
export function shaped<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const parsed = schema.parse(body);
  expect(body).toEqual(parsed);
  return parsed;
}

export function paymentOf(booking: TestBooking, status: PaymentBody['status']): PaymentBody {
  return {
    paymentId: booking.paymentId,
    bookingId: booking.id,
    changeId: null,
    guestId: booking.guest.id,
    hostId: booking.listing.host.id,
    purpose: 'booking',
    status,
    provider: 'sandbox',
    currency: 'USD',
    amountMinor: booking.dto.totalMinor,
    authorizedMinor: 0,
    capturedMinor: 0,
    refundedMinor: 0,
  };
}

export function changePaymentOf(
  booking: TestBooking,
  change: ChangeDto,
  status: PaymentBody['status'],
): PaymentBody {
  return {
    ...paymentOf(booking, status),
    paymentId: randomUUID(),
    purpose: 'change',
    changeId: change.id,
    amountMinor: change.differenceMinor,
  };
}
