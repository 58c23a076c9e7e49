import { expectProblem, testUser, type TestUser } from '@roost/testing';
import type { Booking } from '../src/booking/booking.dto.js';
import { RetentionJobs } from '../src/retention/retention.jobs.js';
import { useBookings, type TestListing } from './bookings.fixture.js';
import { MessagesUnderTest } from './messages.fixture.js';

const DAYS = 600;
const bookings = useBookings({ env: { TEXT_RETENTION_DAYS: String(DAYS) }, resetClock: true });
const messages = new MessagesUnderTest(bookings);
let listing: TestListing;
let guest: TestUser;
let host: TestUser;

beforeEach(async () => {
  listing = await bookings.givenListing();
  host = listing.host;
  guest = testUser();
});

/** Runs the job at an instant. */
async function deleteTextsAt(at: string): Promise<void> {
  await bookings.service.clock.set(at);
  await bookings.service.get(RetentionJobs).deleteTexts();
}

const daysAfter = (at: string, days: number) => new Date(Date.parse(at) + days * 86_400_000).toISOString();

async function book(): Promise<Booking> {
  const { id: quoteId } = await bookings.givenQuote(guest, listing);
  const { body } = await bookings
    .as(guest)
    .post<Booking>('/v1/bookings', { quoteId, message: 'We have a cat' });
  return body;
}

const read = async (id: string, user: TestUser) => await bookings.as(user).get<Booking>(`/v1/bookings/${id}`);

const rowsOf = async (table: 'message' | 'thread', threadId: string) =>
  await bookings.service.query(
    `SELECT 1 FROM ${table} WHERE ${table === 'message' ? 'thread_id' : 'id'} = $1`,
    [threadId],
  );

describe('the texts of a booking', () => {
  it('are deleted after the period from its check-out, and nothing else of it', async () => {
    const { id, checkOutAt } = await book();
    await bookings.as(guest).post(`/v1/bookings/${id}/cancel`, { reason: 'The cat is ill' });
    const before = await read(id, host);
    expect(before.body).toMatchObject({
      message: 'We have a cat',
      cancellation: { reason: 'The cat is ill' },
    });

    await deleteTextsAt(daysAfter(checkOutAt, DAYS - 1));
    expect((await read(id, host)).body).toEqual(before.body);
    expect(await rowsOf('message', id)).toHaveLength(1);

    await deleteTextsAt(daysAfter(checkOutAt, DAYS + 1));
    const { body, headers } = await read(id, host);
    expect(body).toEqual({
      ...before.body,
      version: before.body.version + 1,
      message: null,
      cancellation: { ...before.body.cancellation, reason: '' },
      history: before.body.history.map((entry) => ({ ...entry, reason: null })),
    });
    expect(headers.get('etag')).not.toBe(before.headers.get('etag'));
    expect(await rowsOf('message', id)).toEqual([]);
    expect(await rowsOf('thread', id)).toEqual([]);
    expect(await messages.textsOf(host, id)).toEqual([]);

    await deleteTextsAt(daysAfter(checkOutAt, DAYS + 2));
    expect((await read(id, host)).body).toEqual(body);
  });

  it('change no version of a booking without any', async () => {
    const { id: quoteId } = await bookings.givenQuote(guest, listing);
    const { body: booking } = await bookings.as(guest).post<Booking>('/v1/bookings', { quoteId });
    await bookings.service.clock.set(daysAfter(booking.checkOutAt, 1));
    const before = await read(booking.id, guest);
    expect(before.body.state).toBe('expired');
    await deleteTextsAt(daysAfter(booking.checkOutAt, DAYS + 1));
    expect((await read(booking.id, guest)).body).toEqual(before.body);
    const [row] = await bookings.service.query('SELECT texts_deleted_at FROM booking WHERE id = $1', [
      booking.id,
    ]);
    expect(row?.texts_deleted_at).not.toBeNull();
  });

  it('are kept if an administrator wrote them', async () => {
    const { id, checkOutAt } = await book();
    const admin = testUser({ roles: ['admin'] });
    const cancelled = await bookings
      .as(admin)
      .post(`/v1/admin/bookings/${id}/cancel`, { reason: 'Fraud', refundMinor: 0 });
    expect(cancelled.status).toBe(200);
    await deleteTextsAt(daysAfter(checkOutAt, DAYS + 1));
    const { body } = await read(id, admin);
    expect(body).toMatchObject({ message: null, cancellation: { by: 'admin', reason: 'Fraud' } });
    expect(body.history.map(({ reason }) => reason)).toContain('Fraud');
  });
});

describe('a thread', () => {
  it('is deleted after the period from its last message', async () => {
    const { id, createdAt } = await messages.givenEnquiry(guest, listing, 'Is there a cot?');
    const busy = await messages.givenEnquiry(testUser(), listing, 'Is there a lift?');
    await bookings.service.clock.set(daysAfter(createdAt, 10));
    await messages.send(host, busy.id, 'No');

    await deleteTextsAt(daysAfter(createdAt, DAYS + 1));
    expectProblem(await bookings.as(guest).get(`/v1/threads/${id}`), 404, 'thread.not_found');
    expect(await rowsOf('message', id)).toEqual([]);
    expect(await messages.textsOf(host, busy.id)).toEqual(['No', 'Is there a lift?']);

    await messages.givenEnquiry(guest, listing, 'Is there a cot now?');
    expect(await messages.textsOf(guest, id)).toEqual(['Is there a cot now?']);
  });

  it('of an enquiry is kept as long as a booking of its guest at the listing', async () => {
    const enquiry = await messages.givenEnquiry(guest, listing, 'Is there a cot?');
    const { id, checkOutAt } = await book();
    await deleteTextsAt(daysAfter(checkOutAt, DAYS - 1));
    expect(await messages.textsOf(guest, enquiry.id)).toEqual(['Is there a cot?']);
    // The hold of the booking has expired.
    await deleteTextsAt(daysAfter(checkOutAt, DAYS + 1));
    expect(await rowsOf('thread', enquiry.id)).toEqual([]);
    expect(await rowsOf('thread', id)).toEqual([]);
  });

  it('of a booking is kept until the period from its check-out has ended', async () => {
    const { id, checkOutAt, createdAt } = await book();
    await bookings.as(guest).post(`/v1/bookings/${id}/cancel`, { reason: 'The cat is ill' });
    await deleteTextsAt(daysAfter(createdAt, DAYS + 1));
    expect(await messages.textsOf(guest, id)).toEqual(['We have a cat']);
    await bookings.service.clock.set(daysAfter(checkOutAt, 100));
    expect((await messages.send(host, id, 'How is the cat?')).status).toBe(201);
    await deleteTextsAt(daysAfter(checkOutAt, DAYS + 50));
    expect(await messages.textsOf(guest, id)).toEqual(['How is the cat?', 'We have a cat']);
    await deleteTextsAt(daysAfter(checkOutAt, DAYS + 101));
    expect(await messages.textsOf(guest, id)).toEqual([]);
  });
});
