import { randomUUID } from 'node:crypto';
import { aUser, expectProblem } from '@roost/testing';
import { startBookings, type BookingsUnderTest } from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings?.close());

describe('200', () => {
  it('its guest, its host and an administrator see the same', async () => {
    const booking = await bookings.givenBooking();
    const admin = aUser({ roles: ['admin'] });
    for (const user of [booking.guest, booking.listing.host, admin]) {
      const answer = await bookings.as(user).get(`/v1/bookings/${booking.id}`);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual(booking.dto);
      expect(answer.headers.get('cache-control')).toContain('private');
    }
  });

  it('has an ETag per viewer, which changes with the booking', async () => {
    const booking = await bookings.givenBooking();
    const path = `/v1/bookings/${booking.id}`;
    const guest = (await bookings.as(booking.guest).get(path)).headers.get('etag') ?? '';
    const host = (await bookings.as(booking.listing.host).get(path)).headers.get('etag');
    expect(guest).not.toBe(host);
    expect((await bookings.as(booking.guest).get(path, { 'if-none-match': guest })).status).toBe(304);
    await bookings.captured(booking);
    expect((await bookings.as(booking.guest).get(path, { 'if-none-match': guest })).status).toBe(200);
  });
});

describe('Prefer: wait', () => {
  it('answers as soon as the booking has moved on', async () => {
    const booking = await bookings.givenBooking();
    const path = `/v1/bookings/${booking.id}`;
    const etag = (await bookings.as(booking.guest).get(path)).headers.get('etag') ?? '';
    const began = performance.now();
    const waiting = bookings.as(booking.guest).get(path, { prefer: 'wait=15', 'if-none-match': etag });
    await bookings.captured(booking);
    const answer = await waiting;
    expect(answer.body).toMatchObject({ state: 'confirmed' });
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('says 304 when nothing has happened in time', async () => {
    const booking = await bookings.givenBooking();
    const path = `/v1/bookings/${booking.id}`;
    const etag = (await bookings.as(booking.guest).get(path)).headers.get('etag') ?? '';
    const answer = await bookings.as(booking.guest).get(path, { prefer: 'wait=1', 'if-none-match': etag });
    expect(answer.status).toBe(304);
  });
});

describe('refusals', () => {
  it('404: a stranger, also one who hosts, and an id that is nobody’s', async () => {
    const booking = await bookings.givenBooking();
    for (const stranger of [aUser(), aUser({ roles: ['host'] })]) {
      expectProblem(await bookings.as(stranger).get(`/v1/bookings/${booking.id}`), 404, 'booking.not_found');
    }
    expectProblem(await bookings.as(aUser()).get(`/v1/bookings/${randomUUID()}`), 404, 'booking.not_found');
  });

  it('400 and 401', async () => {
    expectProblem(await bookings.as(aUser()).get('/v1/bookings/%00'), 400, 'request.invalid', 'id');
    expectProblem(
      await bookings.service.anonymous.get(`/v1/bookings/${randomUUID()}`),
      401,
      'auth.missing_token',
    );
  });
});
