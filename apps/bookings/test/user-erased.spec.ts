import { randomUUID } from 'node:crypto';
import { AccountEraser } from '@roost/accounts';
import { testUser, eventually, expectProblem, golden, type TestUser } from '@roost/testing';
import type { Booking } from '../src/booking/booking.dto.js';
import { Message, type Thread } from '../src/message/message.dto.js';
import { useBookings, type TestListing } from './bookings.fixture.js';
import { MessagesUnderTest } from './messages.fixture.js';

const bookings = useBookings();
const messages = new MessagesUnderTest(bookings);
let listing: TestListing;
let guest: TestUser;
let host: TestUser;
beforeEach(async () => {
  listing = await bookings.givenListing();
  host = listing.host;
  guest = testUser();
});

/** Requests an erasure, and waits for its first run. */
async function erase(user: TestUser, requestId: string = randomUUID()): Promise<void> {
  await bookings.service.deliver(
    'user.erased',
    { ...golden('user.erased'), userId: user.id },
    { version: 9 },
  );
  await bookings.service.deliver('privacy.erasure-requested', { userId: user.id, requestId });
  await eventually(async () => {
    const pending = await bookings.service.query(
      'SELECT user_id FROM account_erasure WHERE user_id = $1 AND NOT last',
      [user.id],
    );
    expect(pending).toEqual([]);
  });
}

async function runLastErasure({ id }: TestUser): Promise<void> {
  await bookings.service.query(
    "UPDATE account_erasure SET due_at = now() - interval '1 second' WHERE user_id = $1",
    [id],
  );
  await bookings.service.get(AccountEraser).eraseDue();
}

async function completionsOf(user: TestUser) {
  const completions = await bookings.service.published('privacy.erasure-completed');
  return completions.filter(({ userId }) => userId === user.id);
}

/** Per message: whether the guest sent it, whether its sender is erased, and its text. */
async function messagesSeenBy(user: TestUser, threadId: string): Promise<[boolean, boolean, string][]> {
  const { data } = await messages.messagesOf(user, threadId);
  return data.map(({ senderId, senderErased, text }) => [senderId === guest.id, senderErased, text]);
}

const tablesWith = (word: string) => bookings.service.tablesWith(word);

describe('messages', () => {
  it('of a guest are empty and marked as erased for the host; messages of the host stay', async () => {
    const thread = await messages.givenEnquiry(
      guest,
      listing,
      'Call me at ann@example.org, my son is called Tim',
    );
    await messages.send(host, thread.id, 'Welcome');
    await messages.send(guest, thread.id, 'Until June');
    expect(await messagesSeenBy(host, thread.id)).toMatchObject([
      [true, false, 'Until June'],
      [false, false, 'Welcome'],
      [true, false, expect.stringContaining('Tim')],
    ]);
    const before = await bookings.as(host).get<Thread>(`/v1/threads/${thread.id}`);
    await erase(guest);
    expect(await messagesSeenBy(host, thread.id)).toEqual([
      [true, true, ''],
      [false, false, 'Welcome'],
      [true, true, ''],
    ]);
    const { data } = await messages.messagesOf(host, thread.id);
    expect(data.flatMap(({ hidden }) => hidden)).toEqual([]);
    const { status, body } = await bookings.as(host).get<Thread>(`/v1/threads/${thread.id}`, {
      'if-none-match': before.headers.get('etag') ?? '',
    });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { unreadCount: 1, lastMessage: { senderErased: true, text: '' } },
    });
    expectProblem(await messages.send(host, thread.id, 'Are you there?'), 409, 'thread.closed');
  });

  it('of a host are empty in the thread of a booking', async () => {
    const booking = await bookings.givenConfirmed({ listing, guest });
    await messages.send(host, booking.id, 'The key is with Bob');
    await erase(host);
    expect(await messagesSeenBy(guest, booking.id)).toEqual([[false, true, '']]);
  });

  it('have senderErased in GraphQL', async () => {
    const thread = await messages.givenEnquiry(guest, listing, 'Hello');
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

describe('other texts', () => {
  it('of a guest are deleted from every table; the booking stays for the host', async () => {
    const word = `xylophone-${guest.id}`;
    const quote = await bookings.givenQuote(guest, listing);
    const booked = await bookings
      .as(guest)
      .post<Booking>('/v1/bookings', { quoteId: quote.id, message: word }, { 'idempotency-key': word });
    const path = `/v1/bookings/${booked.body.id}`;
    const cancelled = await bookings.as(guest).post<Booking>(`${path}/cancel`, { reason: word });
    expect(cancelled.body.cancellation?.reason).toBe(word);
    const before = await bookings.as(host).get<Booking>(path);
    expect(await tablesWith(word)).toEqual(
      expect.arrayContaining(['booking', 'booking_history', 'idempotency_key', 'message']),
    );
    await erase(guest);
    expect(await tablesWith(word)).toEqual([]);
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

  it('of a host are deleted, with feeds and the export URL', async () => {
    const word = `xylophone-${host.id}`;
    const request = await bookings.givenRequest({ guest });
    const own = request.listing;
    const client = bookings.as(own.host);
    const calendar = `/v1/listings/${own.id}/calendar`;
    expect((await client.post(`/v1/bookings/${request.id}/decline`, { reason: word })).status).toBe(200);
    expect(
      (await client.post(`${calendar}/blocks`, { from: '2027-08-01', to: '2027-08-04', note: word })).status,
    ).toBe(201);
    expect(
      (await client.post(`${calendar}/feeds`, { url: 'http://feeds.invalid/a.ics', name: word })).status,
    ).toBe(201);
    const exported = await client.post<{ url: string }>(`${calendar}/export-url`, {});
    const address = new URL(exported.body.url).pathname;
    expect((await bookings.service.anonymous.get(address)).status).toBe(200);
    expect(await tablesWith(word)).toEqual(
      expect.arrayContaining(['booking_history', 'calendar_block', 'calendar_feed']),
    );
    await erase(own.host);
    expect(await tablesWith(word)).toEqual([]);
    expectProblem(await bookings.service.anonymous.get(address), 404, 'calendar.not_found');
    expect(await bookings.service.query('SELECT id FROM calendar_feed WHERE name = $1', [word])).toEqual([]);
    expect(await bookings.calendar.orphanedEntries()).toEqual([]);
  });

  it('of the other side stay', async () => {
    const booking = await bookings.givenConfirmed({ listing, guest });
    const reason = 'The roof leaks';
    await bookings.as(host).post(`/v1/bookings/${booking.id}/cancel`, { reason });
    await erase(guest);
    const { body } = await bookings.as(host).get<Booking>(`/v1/bookings/${booking.id}`);
    expect(body).toMatchObject({ cancellation: { by: 'host', reason } });
    expect(body.history.map(({ reason: written }) => written)).toContain(reason);
  });
});

describe('messages sent during the erasure', () => {
  it('are deleted when all tokens of the account have expired', async () => {
    const thread = await messages.givenEnquiry(guest, listing, 'Hello');
    await erase(guest);
    // A request that was in progress when the account was erased.
    await bookings.service.query(
      `INSERT INTO message (id, seq, thread_id, sender_id, text, hidden, sent_at, written_at)
       VALUES (uuidv7(), nextval('message_seq'), $1, $2, 'Late', '{}', now(), now())`,
      [thread.id, guest.id],
    );
    await bookings.service.get(AccountEraser).eraseDue();
    expect((await messagesSeenBy(host, thread.id))[0]).toEqual([true, false, 'Late']);
    const [deferred] = await bookings.service.query<{ minutes: number }>(
      `UPDATE account_erasure SET due_at = now() - interval '1 second' WHERE user_id = $1
       RETURNING extract(epoch FROM old.due_at - now())::int / 60 AS minutes`,
      [guest.id],
    );
    expect(deferred?.minutes).toBeGreaterThan(10);
    await bookings.sweep();
    expect(await messagesSeenBy(host, thread.id)).toEqual([
      [true, true, ''],
      [true, true, ''],
    ]);
    expect(
      await bookings.service.query('SELECT due_at FROM account_erasure WHERE user_id = $1', [guest.id]),
    ).toEqual([{ due_at: null }]);
    expect(await completionsOf(guest)).toHaveLength(1);
  });

  it('are erased once for duplicate events', async () => {
    const thread = await messages.givenEnquiry(guest, listing, 'Hello');
    await erase(guest);
    const versionOf = async () =>
      (
        await bookings.service.query<{ version: number }>('SELECT version FROM thread WHERE id = $1', [
          thread.id,
        ])
      )[0];
    const version = await versionOf();
    const requestId = randomUUID();
    await erase(guest, requestId);
    await bookings.service.deliver(
      'privacy.erasure-requested',
      { userId: guest.id, requestId },
      { times: 3 },
    );
    await runLastErasure(guest);
    await bookings.service.deliver('privacy.erasure-requested', { userId: guest.id, requestId });
    await bookings.service.get(AccountEraser).eraseDue();
    expect(await versionOf()).toEqual(version);
    expect(await completionsOf(guest)).toEqual([{ userId: guest.id, requestId }]);
  });

  it('are erased again for another request, as after a restore of identity', async () => {
    const requests = [randomUUID(), randomUUID()];
    for (const requestId of requests) {
      await erase(guest, requestId);
      await runLastErasure(guest);
    }
    expect(await completionsOf(guest)).toEqual(
      requests.map((requestId) => ({ userId: guest.id, requestId })),
    );
  });
});
