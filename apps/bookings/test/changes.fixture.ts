import type { TestResponse, TestUser } from '@roost/testing';
import { BookingChange, type BookingChange as ChangeDto } from '../src/booking/change/change.dto.js';
import {
  expectShape,
  type BookingsUnderTest,
  type StayRequest,
  type TestBooking,
} from './bookings.fixture.js';

/** `juneStay` with one night more; the difference is 114.00. */
export const longerStay = { checkOutDate: '2027-06-15' };
/** `juneStay` with one night less; the difference is -114.00. */
export const shorterStay = { checkOutDate: '2027-06-13' };

type Headers = Record<string, string>;

/** Changes of bookings over REST. */
export class ChangesUnderTest {
  constructor(private readonly bookings: BookingsUnderTest) {}

  propose(
    booking: TestBooking,
    terms: StayRequest,
    by: TestUser = booking.guest,
    headers: Headers = {},
  ): Promise<TestResponse<ChangeDto>> {
    return this.bookings.as(by).post<ChangeDto>(`/v1/bookings/${booking.id}/changes`, terms, headers);
  }

  async givenProposed(booking: TestBooking, terms: StayRequest, by?: TestUser): Promise<ChangeDto> {
    const { status, body } = await this.propose(booking, terms, by);
    expect({ status, body }).toMatchObject({ status: 201 });
    return expectShape(BookingChange, body);
  }

  /** The change waits for its payment where the new total is higher. */
  async givenAccepted(booking: TestBooking, terms: StayRequest, by?: TestUser): Promise<ChangeDto> {
    const change = await this.givenProposed(booking, terms, by);
    const { status, body } = await this.respond(booking, change, 'accept');
    expect({ status, body }).toMatchObject({ status: 200 });
    return expectShape(BookingChange, body);
  }

  /** Responds as the side that did not propose the change, unless `by` names another user. */
  respond(
    booking: TestBooking,
    change: ChangeDto,
    response: 'accept' | 'decline' | 'withdraw',
    options: { by?: TestUser; headers?: Headers } = {},
  ): Promise<TestResponse<ChangeDto>> {
    const { by = change.proposedBy === 'guest' ? booking.listing.host : booking.guest, headers } = options;
    const path = `/v1/bookings/${booking.id}/changes/${change.id}/${response}`;
    return this.bookings.as(by).post<ChangeDto>(path, undefined, headers);
  }

  /** Moves the deadline of the change to the current domain time without a sweep. */
  async makeDue(booking: TestBooking, change: ChangeDto): Promise<void> {
    const now = this.bookings.now();
    const { service } = this.bookings;
    await service.query('UPDATE booking_change SET expires_at = $2 WHERE id = $1', [change.id, now]);
    await service.query('UPDATE booking SET due_at = $2 WHERE id = $1', [booking.id, now]);
  }

  async read(booking: TestBooking, change: ChangeDto): Promise<ChangeDto> {
    const path = `/v1/bookings/${booking.id}/changes/${change.id}`;
    const { status, body } = await this.bookings.as(booking.guest).get(path);
    expect(status).toBe(200);
    return expectShape(BookingChange, body);
  }
}
