import { randomUUID } from 'node:crypto';
import { aUser, expectProblem } from '@roost/testing';
import { useBookings } from './bookings.fixture.js';

const bookings = useBookings();

describe('200', () => {
  it('returns the same booking to its guest, its host and an administrator', async () => {
    const booking = await bookings.givenBooking();
    const admin = aUser({ roles: ['admin'] });
    for (const user of [booking.guest, booking.listing.host, admin]) {
      const response = await bookings.as(user).get(`/v1/bookings/${booking.id}`);
      expect(response.status).toBe(200);
      expect(response.body).toEqual(booking.dto);
      expect(response.headers.get('cache-control')).toContain('private');
    }
  });

  it('has an ETag per viewer that changes with the booking', async () => {
    const booking = await bookings.givenBooking();
    const path = `/v1/bookings/${booking.id}`;
    const guest = (await bookings.as(booking.guest).get(path)).headers.get('etag') ?? '';
    const host = (await bookings.as(booking.listing.host).get(path)).headers.get('etag');
    expect(guest).not.toBe(host);
    expect((await bookings.as(booking.guest).get(path, { 'if-none-match': guest })).status).toBe(304);
    await bookings.payments.captured(booking);
    expect((await bookings.as(booking.guest).get(path, { 'if-none-match': guest })).status).toBe(200);
  });
});

describe('Prefer: wait', () => {
  it('responds as soon as the booking changes', async () => {
    const booking = await bookings.givenBooking();
    const path = `/v1/bookings/${booking.id}`;
    const etag = (await bookings.as(booking.guest).get(path)).headers.get('etag') ?? '';
    const began = performance.now();
    const waiting = bookings.as(booking.guest).get(path, { prefer: 'wait=15', 'if-none-match': etag });
    await bookings.payments.captured(booking);
    const response = await waiting;
    expect(response.body).toMatchObject({ state: 'confirmed' });
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('responds 304 when the booking does not change in time', async () => {
    const booking = await bookings.givenBooking();
    const path = `/v1/bookings/${booking.id}`;
    const etag = (await bookings.as(booking.guest).get(path)).headers.get('etag') ?? '';
    const response = await bookings.as(booking.guest).get(path, { prefer: 'wait=1', 'if-none-match': etag });
    expect(response.status).toBe(304);
  });
});

describe('rejections', () => {
  it('404: rejects other guests, other hosts and unknown ids', async () => {
    const booking = await bookings.givenBooking();
    for (const stranger of [aUser(), aUser({ roles: ['host'] })]) {
      expectProblem(await bookings.as(stranger).get(`/v1/bookings/${booking.id}`), 404, 'booking.not_found');
    }
    expectProblem(await bookings.as(aUser()).get(`/v1/bookings/${randomUUID()}`), 404, 'booking.not_found');
  });

  it('400: rejects an invalid id; 401: rejects a request without a token', async () => {
    expectProblem(await bookings.as(aUser()).get('/v1/bookings/%00'), 400, 'request.invalid', 'id');
    expectProblem(
      await bookings.service.anonymous.get(`/v1/bookings/${randomUUID()}`),
      401,
      'auth.missing_token',
    );
  });
});
