import { aUser, eventually, expectProblem, golden, type TestUser } from '@roost/testing';
import { AccountEraser } from '../src/account/account-eraser.jobs.js';
import type { Booking } from '../src/booking/booking.dto.js';
import { Message, type Thread } from '../src/message/message.dto.js';
import { shaped, startBookings, type BookingsUnderTest, type TestListing } from './bookings.fixture.js';

let bookings: BookingsUnderTest;
let listing: TestListing;
let guest: TestUser;
let host: TestUser;
beforeAll(async () => {
  bookings = await startBookings();
});
beforeEach(async () => {
  listing = await bookings.givenListing();
  host = listing.host;
  guest = aUser();
});
afterAll(() => bookings.close());

async function erase(user: TestUser): Promise<void> {
  await bookings.service.deliver(
    'user.erased',
    { ...golden('user.erased'), userId: user.id },
    { version: 9 },
  );
  await eventually(async () => {
    const due = await bookings.service.query('SELECT user_id FROM erasure WHERE user_id = $1 AND NOT last', [
      user.id,
    ]);
    expect(due).toEqual([]);
  });
}

async function enquire(text: string): Promise<Thread> {
  const answer = await bookings.as(guest).post<Thread>(`/v1/listings/${listing.id}/threads`, { text });
  expect(answer.status).toBe(201);
  return answer.body;
}
const reply = (threadId: string, text: string, by = host) =>
  bookings.as(by).post<Message>(`/v1/threads/${threadId}/messages`, { text });
async function messagesOf(user: TestUser, threadId: string): Promise<Message[]> {
  const { status, body } = await bookings
    .as(user)
    .get<{ data: Message[] }>(`/v1/threads/${threadId}/messages`);
  expect(status).toBe(200);
  return body.data.map((message) => shaped(Message, message));
}
const said = (messages: Message[]) =>
  messages.map(({ senderId, senderErased, text }) => [senderId === guest.id, senderErased, text]);

/** Every table and every column: where does a word still stand? */
async function whereabouts(word: string): Promise<string[]> {
  const tables = await bookings.service.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await bookings.service.query(
      `SELECT FROM "${name}" t WHERE position($1 IN t::text) > 0 LIMIT 1`,
      [word],
    );
    if (rows.length > 0) found.push(name);
  }
  return found;
}

describe('messages', () => {
  it('of a guest are blank for the host, who sees that their sender is erased; what the host wrote stays', async () => {
    const thread = await enquire('Call me at ann@example.org, my son is called Tim');
    await reply(thread.id, 'Welcome');
    await reply(thread.id, 'Until June', guest);
    expect(said(await messagesOf(host, thread.id))).toMatchObject([
      [true, false, 'Until June'],
      [false, false, 'Welcome'],
      [true, false, expect.stringContaining('Tim')],
    ]);
    const before = await bookings.as(host).get<Thread>(`/v1/threads/${thread.id}`);
    await erase(guest);
    const after = await messagesOf(host, thread.id);
    expect(said(after)).toEqual([
      [true, true, ''],
      [false, false, 'Welcome'],
      [true, true, ''],
    ]);
    expect(after.flatMap(({ hidden }) => hidden)).toEqual([]);
    const { status, body } = await bookings.as(host).get<Thread>(`/v1/threads/${thread.id}`, {
      'if-none-match': before.headers.get('etag') ?? '',
    });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { unreadCount: 1, lastMessage: { senderErased: true, text: '' } },
    });
    expectProblem(await reply(thread.id, 'Are you there?'), 409, 'thread.closed');
  });

  it('of a host as well, in the thread of a booking', async () => {
    const booking = await bookings.givenConfirmed({ listing, guest });
    await reply(booking.id, 'The key is with Bob');
    await erase(host);
    expect(said(await messagesOf(guest, booking.id))).toEqual([[false, true, '']]);
  });

  it('say in the graph whose they were: nobody’s', async () => {
    const thread = await enquire('Hello');
    await erase(guest);
    const { data } = await bookings
      .as(host)
      .graphql<{ thread: { messages: { edges: { node: Message }[] } } }>(
        'query ($id: ID!) { thread(id: $id) { messages { edges { node { senderErased text } } } } }',
        { id: thread.id },
      );
    expect(data?.thread.messages.edges).toEqual([{ node: { senderErased: true, text: '' } }]);
  });
});

describe('everything else that they wrote or left', () => {
  it('is gone from every table, and the booking is still there for the other side', async () => {
    const word = `xylophone-${guest.id}`;
    const quote = await bookings.givenQuote(guest, listing);
    const booked = await bookings
      .as(guest)
      .post<Booking>('/v1/bookings', { quoteId: quote.id, message: word }, { 'idempotency-key': word });
    const path = `/v1/bookings/${booked.body.id}`;
    const cancelled = await bookings.as(guest).post<Booking>(`${path}/cancel`, { reason: word });
    expect(cancelled.body.cancellation?.reason).toBe(word);
    const before = await bookings.as(host).get<Booking>(path);
    expect(await whereabouts(word)).toEqual(
      expect.arrayContaining(['booking', 'booking_history', 'idempotency_key', 'message']),
    );
    await erase(guest);
    expect(await whereabouts(word)).toEqual([]);
    const { body } = await bookings.as(host).get<Booking>(path, {
      'if-none-match': before.headers.get('etag') ?? '',
    });
    expect(body).toMatchObject({
      state: 'cancelled',
      guestId: guest.id,
      totalMinor: quote.totalMinor,
      message: null,
      cancellation: { by: 'guest', reason: '' },
    });
    expect(body.history.map(({ event }) => event)).toEqual(before.body.history.map(({ event }) => event));
    expect(body.history.map(({ reason }) => reason)).not.toContain(word);
  });

  it('reasons and notes of a host, her feeds and the address of her calendar', async () => {
    const word = `xylophone-${host.id}`;
    const request = await bookings.givenRequest({ guest });
    const own = { ...listing, id: request.listing.id, host: request.listing.host };
    const as = bookings.as(own.host);
    const calendar = `/v1/listings/${own.id}/calendar`;
    expect((await as.post(`/v1/bookings/${request.id}/decline`, { reason: word })).status).toBe(200);
    expect(
      (await as.post(`${calendar}/blocks`, { from: '2027-08-01', to: '2027-08-04', note: word })).status,
    ).toBe(201);
    expect(
      (await as.post(`${calendar}/feeds`, { url: 'http://feeds.invalid/a.ics', name: word })).status,
    ).toBe(201);
    const exported = await as.post<{ url: string }>(`${calendar}/export-url`, {});
    const address = new URL(exported.body.url).pathname;
    expect((await bookings.service.anonymous.get(address)).status).toBe(200);
    expect(await whereabouts(word)).toEqual(
      expect.arrayContaining(['booking_history', 'calendar_block', 'calendar_feed']),
    );
    await erase(own.host);
    expect(await whereabouts(word)).toEqual([]);
    expectProblem(await bookings.service.anonymous.get(address), 404, 'calendar.not_found');
    expect(await bookings.service.query('SELECT id FROM calendar_feed WHERE name = $1', [word])).toEqual([]);
    expect(await bookings.leaked()).toEqual([]);
  });

  it('what the other side wrote stays', async () => {
    const booking = await bookings.givenConfirmed({ listing, guest });
    const reason = 'The roof leaks';
    await bookings.as(host).post(`/v1/bookings/${booking.id}/cancel`, { reason });
    await erase(guest);
    const { body } = await bookings.as(host).get<Booking>(`/v1/bookings/${booking.id}`);
    expect(body).toMatchObject({ cancellation: { by: 'host', reason } });
    expect(body.history.map((line) => line.reason)).toContain(reason);
  });
});

describe('what is written at the same time', () => {
  it('goes when no token of the erased is good any more', async () => {
    const thread = await enquire('Hello');
    await erase(guest);
    // A request that was under way when the account was erased.
    await bookings.service.query(
      `INSERT INTO message (id, seq, thread_id, sender_id, text, hidden, sent_at, written_at)
       VALUES (uuidv7(), nextval('message_seq'), $1, $2, 'Late', '{}', now(), now())`,
      [thread.id, guest.id],
    );
    await bookings.service.get(AccountEraser).eraseDue();
    expect(said(await messagesOf(host, thread.id))[0]).toEqual([true, false, 'Late']);
    const [left] = await bookings.service.query<{ minutes: number }>(
      `UPDATE erasure SET due_at = now() - interval '1 second' WHERE user_id = $1
       RETURNING extract(epoch FROM old.due_at - now())::int / 60 AS minutes`,
      [guest.id],
    );
    expect(left?.minutes).toBeGreaterThan(10);
    await bookings.service.get(AccountEraser).eraseDue();
    expect(said(await messagesOf(host, thread.id))).toEqual([
      [true, true, ''],
      [true, true, ''],
    ]);
    expect(
      await bookings.service.query('SELECT user_id FROM erasure WHERE user_id = $1', [guest.id]),
    ).toEqual([]);
  });

  it('is erased once, however often the event comes', async () => {
    const thread = await enquire('Hello');
    await erase(guest);
    const versionOf = async () =>
      (
        await bookings.service.query<{ version: number }>('SELECT version FROM thread WHERE id = $1', [
          thread.id,
        ])
      )[0];
    const version = await versionOf();
    await erase(guest);
    await bookings.service.deliver(
      'user.erased',
      { ...golden('user.erased'), userId: guest.id },
      { version: 9, times: 3 },
    );
    await bookings.service.query('UPDATE erasure SET due_at = now() WHERE user_id = $1', [guest.id]);
    await bookings.service.get(AccountEraser).eraseDue();
    expect(await versionOf()).toEqual(version);
  });
});
