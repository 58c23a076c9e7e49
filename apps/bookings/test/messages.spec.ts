import { randomUUID } from 'node:crypto';
import { testUser, expectProblem, type TestUser } from '@roost/testing';
import type { Message, Thread } from '../src/message/message.dto.js';
import { useBookings, type TestListing } from './bookings.fixture.js';
import { MessagesUnderTest, textsOfPage, type Page } from './messages.fixture.js';

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

describe('reading', () => {
  it('pages messages newest first, without gap or repetition while messages are sent', async () => {
    const thread = await messages.givenEnquiry(guest, listing, '1');
    for (let number = 2; number <= 7; number += 1)
      await messages.send(number % 2 ? guest : host, thread.id, String(number));
    const seen: string[] = [];
    for (let cursor: string | null = null; ;) {
      const response: Page<Message> = await messages.messagesOf(
        guest,
        thread.id,
        `?limit=3${cursor ? `&cursor=${cursor}` : ''}`,
      );
      seen.push(...textsOfPage(response));
      if (!response.nextCursor) break;
      cursor = response.nextCursor;
      await messages.send(host, thread.id, 'in between');
    }
    expect(seen).toEqual(['7', '6', '5', '4', '3', '2', '1']);
  });

  it('returns HTML as it was written, as JSON', async () => {
    const html = '<script>alert(1)</script> <b>bold</b> & <img src=x onerror=alert(1)>';
    const { id } = await messages.givenEnquiry(guest, listing, html);
    expect(await messages.textsOf(host, id)).toEqual([html]);
    const { headers } = await bookings.as(host).get(`/v1/threads/${id}/messages`);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('pages threads by side, the newest message first', async () => {
    const listings = [listing, await bookings.givenListing({ host }), await bookings.givenListing({ host })];
    const ids: string[] = [];
    for (const { id } of listings) ids.push((await messages.enquire(guest, { id }, 'Hello')).body.id);
    await messages.send(host, ids[0]!, 'Hello yourself');
    const order = [ids[0], ids[2], ids[1]];
    const first = await messages.threadsOf(host, '?limit=2');
    const rest = await messages.threadsOf(host, `?limit=2&cursor=${first.nextCursor}`);
    expect([...first.data, ...rest.data].map(({ id }) => id)).toEqual(order);
    expect(rest.nextCursor).toBeNull();
    expect((await messages.threadsOf(host, '?role=guest')).data).toEqual([]);
    expect((await messages.threadsOf(guest, '?role=guest')).data.map(({ id }) => id)).toEqual(order);
  });

  it('moves the read mark forward only; sending a message marks all as read', async () => {
    const thread = await messages.givenEnquiry(guest, listing, 'One');
    await messages.enquire(guest, listing, 'Two');
    await messages.enquire(guest, listing, 'Three');
    const [three, two, one] = (await messages.messagesOf(host, thread.id)).data;
    const mark = (user: TestUser, messageId: string) =>
      bookings.as(user).put<Thread>(`/v1/threads/${thread.id}/read-mark`, { messageId });
    expect((await mark(host, two!.id)).body.unreadCount).toBe(1);
    expect((await mark(host, one!.id)).body.unreadCount).toBe(1);
    expect((await messages.threadsOf(guest)).data[0]?.unreadCount).toBe(0);
    await messages.send(host, thread.id, 'Yes');
    expect((await messages.threadsOf(host)).data[0]?.unreadCount).toBe(0);
    expect((await messages.threadsOf(guest)).data[0]?.unreadCount).toBe(1);
    expect((await mark(host, three!.id)).body.unreadCount).toBe(0);
    expectProblem(await mark(host, randomUUID()), 404, 'message.not_found');
    expectProblem(await mark(testUser(), one!.id), 404, 'thread.not_found');
  });

  it('412: rejects a read mark with the ETag of an older thread', async () => {
    const thread = await messages.givenEnquiry(guest, listing, 'One');
    const [one] = (await messages.messagesOf(host, thread.id)).data;
    const path = `/v1/threads/${thread.id}`;
    const mark = (etag: string) =>
      bookings.as(host).put<Thread>(`${path}/read-mark`, { messageId: one!.id }, { 'if-match': etag });
    const before = String((await bookings.as(host).get(path)).headers.get('etag'));
    await messages.enquire(guest, listing, 'Two');
    expectProblem(await mark(before), 412, 'request.precondition_failed');
    const marked = await mark(String((await bookings.as(host).get(path)).headers.get('etag')));
    expect(marked.body.unreadCount).toBe(1);
    expect((await bookings.as(host).get(path)).headers.get('etag')).toBe(marked.headers.get('etag'));
  });

  it('304: responds without a body until the thread or the state of its booking changes', async () => {
    const booking = await bookings.givenBooking({ listing, guest });
    await messages.send(guest, booking.id, 'Hello');
    const path = `/v1/threads/${booking.id}`;
    const etag = async () => String((await bookings.as(host).get(path)).headers.get('etag'));
    const first = await etag();
    expect((await bookings.as(host).get(path, { 'if-none-match': first })).status).toBe(304);
    expect(String((await bookings.as(guest).get(path)).headers.get('etag'))).not.toBe(first);
    await bookings.payments.captured(booking);
    const confirmed = await etag();
    expect(confirmed).not.toBe(first);
    await messages.send(guest, booking.id, 'Hello again');
    expect(await etag()).not.toBe(confirmed);
  });
});

describe('limits', () => {
  it('429: limits messages per hour across threads, with Retry-After', async () => {
    const [one, other] = [
      await messages.givenEnquiry(guest, listing, '1'),
      await bookings.givenBooking({ guest, listing }),
    ];
    const responses = await Promise.all(
      Array.from({ length: 15 }, (_, at) => messages.send(guest, at % 2 ? one.id : other.id, 'More')),
    );
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(11);
    const rejected = responses.filter(({ status }) => status !== 201);
    for (const response of rejected) {
      expectProblem(response, 429, 'rate.too_many_messages');
      const seconds = Number(response.headers.get('retry-after'));
      expect(seconds).toBeGreaterThan(3000);
      expect(seconds).toBeLessThanOrEqual(3600);
    }
    expect((await messages.send(host, one.id, 'I may')).status).toBe(201);
    await bookings.service.query(
      `UPDATE message SET written_at = written_at - interval '1 hour' WHERE sender_id = $1`,
      [guest.id],
    );
    expect((await messages.send(guest, one.id, 'Again')).status).toBe(201);
  });

  it('429: limits new enquiries per day and allows messages in existing threads', async () => {
    const ids: string[] = [];
    for (let made = 0; made < 3; made += 1)
      ids.push((await messages.enquire(guest, await bookings.givenListing(), 'Hello')).body.id);
    const response = await messages.enquire(guest, listing);
    expectProblem(response, 429, 'rate.too_many_messages');
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(80_000);
    expect((await messages.send(guest, ids[0]!, 'Still here')).status).toBe(201);
    const booking = await bookings.givenBooking({ guest, listing });
    expect((await messages.send(guest, booking.id, 'Of a booking')).status).toBe(201);
  });

  it.each([
    ['an empty text', { text: '' }, '/text'],
    ['white space', { text: ' \n ' }, '/text'],
    ['invisible characters', { text: '\u200b\u2060\u3164' }, '/text'],
    ['4,001 characters', { text: 'x'.repeat(4001) }, '/text'],
    ['control characters', { text: 'a\u0007b' }, '/text'],
    ['a number as text', { text: 7 }, '/text'],
    ['no text', {}, '/text'],
    ['a sender id', { text: 'Hello', senderId: randomUUID() }, '/senderId'],
  ])('400: rejects %s', async (_, body, pointer) => {
    const thread = await messages.givenEnquiry(guest, listing);
    for (const path of [`/v1/listings/${listing.id}/threads`, `/v1/threads/${thread.id}/messages`])
      expectProblem(await bookings.as(guest).post(path, body), 400, 'request.invalid', pointer);
  });

  it.each(['?limit=0', '?limit=101', '?cursor=nonsense', '?offset=1'])('400: rejects %s', async (query) => {
    const thread = await messages.givenEnquiry(guest, listing);
    for (const path of ['/v1/me/threads', `/v1/threads/${thread.id}/messages`])
      expectProblem(await bookings.as(guest).get(`${path}${query}`), 400, 'request.invalid');
  });

  it('401: rejects a request without a token', async () => {
    const { anonymous } = bookings.service;
    expectProblem(await anonymous.get('/v1/me/threads'), 401, 'auth.missing_token');
    expectProblem(await anonymous.get(`/v1/threads/${randomUUID()}`), 401, 'auth.missing_token');
  });
});

describe('GraphQL', () => {
  it('returns threads with their messages', async () => {
    const other = await bookings.givenListing({ host });
    for (const { id } of [listing, other]) await messages.enquire(guest, { id }, `About ${id}`);
    const { data, errors } = await bookings.as(host).graphql<{
      threads: { edges: { node: { messages: { edges: { node: { text: string } }[] } } }[] };
    }>(
      `{ threads(role: host, first: 5) { pageInfo { hasNextPage } edges { node {
           id unreadCount listing { id } guest { id } booking { id }
           messages(first: 2) { pageInfo { hasNextPage endCursor } edges { node { text hidden sender { id } } } } } } } }`,
    );
    expect(errors).toEqual([]);
    const found = data?.threads.edges.map(({ node }) => node.messages.edges.map((edge) => edge.node.text));
    expect(found).toEqual([[`About ${other.id}`], [`About ${listing.id}`]]);
  });

  it('starts a thread, sends, marks as read and returns the thread of a booking', async () => {
    const started = await bookings
      .as(guest)
      .graphql<{ startThread: { id: string } }>(
        'mutation ($id: ID!, $input: SendMessageInput!) { startThread(listingId: $id, input: $input) { id lastMessage { text } } }',
        { id: listing.id, input: { text: 'Hello, call 518 555 0142' } },
      );
    expect(started.data?.startThread).toMatchObject({
      lastMessage: { text: 'Hello, call [phone number hidden]' },
    });
    const threadId = started.data!.startThread.id;
    const sent = await bookings
      .as(host)
      .graphql<{ sendMessage: { id: string } }>(
        'mutation ($id: ID!, $input: SendMessageInput!) { sendMessage(threadId: $id, input: $input) { id text } }',
        { id: threadId, input: { text: 'Hello' } },
      );
    const marked = await bookings
      .as(guest)
      .graphql(
        'mutation ($id: ID!, $input: MarkReadInput!) { markThreadRead(threadId: $id, input: $input) { unreadCount } }',
        { id: threadId, input: { messageId: sent.data?.sendMessage.id } },
      );
    expect(marked.data).toEqual({ markThreadRead: { unreadCount: 0 } });
    const stranger = await bookings.as(testUser()).graphql('query ($id: ID!) { thread(id: $id) { id } }', {
      id: threadId,
    });
    expect(stranger.errors).toMatchObject([{ extensions: { code: 'thread.not_found', status: 404 } }]);
    const booking = await bookings.givenBooking({ guest, listing });
    const read = await bookings
      .as(guest)
      .graphql(
        'query ($id: ID!) { booking(id: $id) { thread { id bookingId messages { edges { cursor } } } } }',
        {
          id: booking.id,
        },
      );
    expect(read).toMatchObject({
      data: { booking: { thread: { id: booking.id, messages: { edges: [] } } } },
      errors: [],
    });
  });
});
