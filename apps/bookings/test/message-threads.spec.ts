import { randomUUID } from 'node:crypto';
import { testUser, expectProblem, type TestUser } from '@roost/testing';
import { Thread } from '../src/message/message.dto.js';
import { expectShape, useBookings, type TestListing } from './bookings.fixture.js';
import { MessagesUnderTest } from './messages.fixture.js';

const bookings = useBookings({ env: { MESSAGES_PER_HOUR: '12', ENQUIRIES_PER_DAY: '3' } });
const messages = new MessagesUnderTest(bookings);
let listing: TestListing;
let guest: TestUser;
let host: TestUser;

beforeEach(async () => {
  listing = await bookings.givenListing();
  host = listing.host;
  guest = testUser();
});

const events = () => bookings.service.published('message.sent');

describe('an enquiry', () => {
  it('creates a thread that both sides see', async () => {
    const thread = await messages.givenEnquiry(guest, listing, 'Is there a cot?');
    expect(thread).toMatchObject({
      listingId: listing.id,
      bookingId: null,
      guestId: guest.id,
      hostId: host.id,
      contactsShown: false,
      unreadCount: 0,
      lastMessage: { text: 'Is there a cot?', senderId: guest.id, hidden: [] },
    });
    expect((await messages.threadsOf(guest)).data).toEqual([thread]);
    expect((await messages.threadsOf(host)).data).toEqual([{ ...thread, unreadCount: 1 }]);
    expect((await messages.messagesOf(host, thread.id)).data).toEqual([thread.lastMessage]);
  });

  it('continues the thread of the same guest and listing', async () => {
    const first = await messages.givenEnquiry(guest, listing, 'One');
    const second = await messages.givenEnquiry(guest, listing, 'Two');
    expect(second.id).toBe(first.id);
    expect(await messages.textsOf(host, first.id)).toEqual(['Two', 'One']);
    expect((await messages.enquire(testUser(), listing, 'I, too')).body.id).not.toBe(first.id);
  });

  it('creates one thread for eight concurrent enquiries and stores the messages in one order', async () => {
    const responses = await Promise.all(
      Array.from({ length: 8 }, (_, at) => messages.enquire(guest, listing, `Message ${at}`)),
    );
    expect(responses.map(({ status }) => status)).toEqual(Array(8).fill(201));
    expect(new Set(responses.map(({ body }) => body.id)).size).toBe(1);
    const [thread] = (await messages.threadsOf(host)).data;
    expect(thread?.unreadCount).toBe(8);
    const all = await messages.textsOf(host, thread!.id);
    expect(all.toSorted()).toEqual(Array.from({ length: 8 }, (_, at) => `Message ${at}`));
    expect(all[0]).toBe(thread?.lastMessage?.text);
  });

  it('publishes message.sent without the text', async () => {
    const thread = await messages.givenEnquiry(guest, listing, 'My secret garden');
    const sent = (await events()).filter(({ threadId }) => threadId === thread.id);
    expect(sent).toEqual([
      {
        threadId: thread.id,
        messageId: thread.lastMessage?.id,
        listingId: listing.id,
        bookingId: null,
        senderId: guest.id,
        recipientId: host.id,
      },
    ]);
    expect(JSON.stringify(sent)).not.toContain('garden');
  });

  it('409: rejects an enquiry about the own listing', async () => {
    expectProblem(await messages.enquire(host, listing, 'Hello me'), 409, 'listing.is_own');
  });

  it('404: rejects a listing that is not published and an unknown listing', async () => {
    await bookings.publishListing({ ...listing.body, status: 'paused' });
    expectProblem(await messages.enquire(guest, listing), 404, 'listing.not_found');
    expectProblem(await messages.enquire(guest, { id: randomUUID() }, 'Hello'), 404, 'listing.not_found');
  });

  it('403: rejects a guest without a verified mail address', async () => {
    expectProblem(
      await messages.enquire(testUser({ emailVerified: false }), listing, 'Hello'),
      403,
      'auth.email_unverified',
    );
  });

  it('403: rejects a suspended guest; 409: rejects a message to them', async () => {
    const thread = await messages.givenEnquiry(guest, listing);
    await bookings.publishUserStatus('user.suspended', guest, 7);
    expectProblem(await messages.enquire(guest, listing), 403, 'account.suspended');
    expectProblem(await messages.send(guest, thread.id, 'Hello?'), 403, 'account.suspended');
    expectProblem(await messages.send(host, thread.id, 'Hello?'), 409, 'thread.closed');
    expect((await messages.messagesOf(host, thread.id)).data).toHaveLength(1);
  });

  it('sends once for the same Idempotency-Key and rejects another text', async () => {
    const client = bookings.as(guest).with({ 'idempotency-key': `k-${guest.id}` });
    const path = `/v1/listings/${listing.id}/threads`;
    const first = await client.post<Thread>(path, { text: 'Once' });
    const again = await client.post<Thread>(path, { text: 'Once' });
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expectProblem(await client.post(path, { text: 'Twice' }), 422, 'idempotency.key_reused');
    expect(await messages.textsOf(guest, first.body.id)).toEqual(['Once']);
  });
});

describe('the thread of a booking', () => {
  it('has the id of the booking and starts with its message to the host', async () => {
    const quote = await bookings.givenQuote(guest, listing);
    const { body: booking } = await bookings
      .as(guest)
      .post<{ id: string; threadId: string; message: string }>('/v1/bookings', {
        quoteId: quote.id,
        message: 'We arrive by train. Call +1 518 555 0142',
      });
    expect(booking.message).toBe('We arrive by train. Call [phone number hidden]');
    const [thread] = (await messages.threadsOf(host, '?role=host')).data;
    expect(thread).toMatchObject({ id: booking.threadId, bookingId: booking.id, unreadCount: 1 });
    expect(await messages.textsOf(host, booking.id)).toEqual([
      'We arrive by train. Call [phone number hidden]',
    ]);
    expect((await events()).filter(({ bookingId }) => bookingId === booking.id)).toHaveLength(1);
  });

  it('exists before the first message and is visible to its two sides only', async () => {
    const booking = await bookings.givenBooking({ listing, guest });
    expect((await messages.messagesOf(guest, booking.id)).data).toEqual([]);
    expect((await messages.threadsOf(guest)).data).toEqual([]);
    const read = await bookings.as(host).get<Thread>(`/v1/threads/${booking.id}`);
    expect(expectShape(Thread, read.body)).toMatchObject({ lastMessage: null, unreadCount: 0 });
    expect((await messages.send(host, booking.id, 'Welcome!')).status).toBe(201);
    expect((await messages.threadsOf(guest)).data).toMatchObject([{ id: booking.id, unreadCount: 1 }]);
    for (const stranger of [testUser(), testUser({ roles: ['admin'] })]) {
      expectProblem(await bookings.as(stranger).get(`/v1/threads/${booking.id}`), 404, 'thread.not_found');
      expectProblem(
        await bookings.as(stranger).get(`/v1/threads/${booking.id}/messages`),
        404,
        'thread.not_found',
      );
      expectProblem(await messages.send(stranger, booking.id, 'Let me in'), 404, 'thread.not_found');
    }
  });

  it('has no message of a rejected booking', async () => {
    const quote = await bookings.givenQuote(guest, listing);
    await bookings.givenBooking({ listing });
    const response = await bookings.as(guest).post('/v1/bookings', { quoteId: quote.id, message: 'Hello' });
    expectProblem(response, 409, 'booking.dates_unavailable');
    expect((await messages.threadsOf(guest)).data).toEqual([]);
  });

  it('409: does not exist for the own listing, since the booking is rejected', async () => {
    const quote = await bookings.givenQuote(host, listing);
    const response = await bookings.book(host, quote.id);
    expectProblem(response, 409, 'listing.is_own');
    expect(await bookings.calendar.isFree(listing, '2027-06-10')).toBe(true);
  });
});

describe('contact data', () => {
  const written = 'Write to john (at) gmail (dot) com or call +1 518 555 0142';
  const masked = 'Write to [mail address hidden] or call [phone number hidden]';

  it('is masked for both sides until the booking is confirmed, then shown, also in older messages', async () => {
    const enquiry = await messages.givenEnquiry(guest, listing, written);
    expect(enquiry.lastMessage).toMatchObject({ text: masked, hidden: ['mail', 'phone'] });
    const booking = await bookings.givenRequest({
      guest,
      listing: await bookings.givenListing({ host, bookingMode: 'request' }),
    });
    await messages.send(host, booking.id, written);
    for (const user of [guest, host]) {
      expect(await messages.textsOf(user, booking.id)).toEqual([masked]);
      expect(await messages.textsOf(user, enquiry.id)).toEqual([masked]);
    }
    await bookings.payments.captured(booking);
    await bookings.accept(booking);
    expect(await bookings.stateOf(booking)).toBe('confirmed');
    for (const user of [guest, host])
      expect((await messages.messagesOf(user, booking.id)).data).toMatchObject([
        { text: written, hidden: [] },
      ]);
    // The enquiry is about another listing, without a confirmed booking.
    expect(await messages.textsOf(host, enquiry.id)).toEqual([masked]);
    expect((await messages.send(host, booking.id, written)).body.text).toBe(written);
    expect((await messages.threadsOf(guest)).data[0]).toMatchObject({ id: booking.id, contactsShown: true });
  });

  it('of an enquiry is shown when a booking of the listing is confirmed', async () => {
    const enquiry = await messages.givenEnquiry(guest, listing, written);
    const other = await messages.enquire(testUser(), listing, written);
    await bookings.givenConfirmed({ guest, listing });
    expect(await messages.textsOf(host, enquiry.id)).toEqual([written]);
    expect(await messages.textsOf(host, other.body.id)).toEqual([masked]);
  });

  it('stays masked when the booking is never confirmed', async () => {
    const booking = await bookings.givenBooking({ guest, listing });
    await messages.send(guest, booking.id, written);
    await bookings.cancel(booking);
    expect(await messages.textsOf(host, booking.id)).toEqual([masked]);
  });

  it('in the message of a booking is masked, then shown', async () => {
    const quote = await bookings.givenQuote(guest, listing);
    const { body } = await bookings
      .as(guest)
      .post<{ id: string }>('/v1/bookings', { quoteId: quote.id, message: written });
    const read = () => bookings.as(host).get<{ message: string }>(`/v1/bookings/${body.id}`);
    expect((await read()).body.message).toBe(masked);
    await bookings.service.query('UPDATE booking SET confirmed_at = now() WHERE id = $1', [body.id]);
    expect((await read()).body.message).toBe(written);
  });
});
