import { randomUUID } from 'node:crypto';
import { aUser, eventually, expectProblem, type TestUser } from '@roost/testing';
import { Message, Thread } from '../src/message/message.dto.js';
import { shaped, startBookings, type BookingsUnderTest, type TestListing } from './bookings.fixture.js';

let bookings: BookingsUnderTest;
let listing: TestListing;
let guest: TestUser;
let host: TestUser;
beforeAll(async () => {
  bookings = await startBookings({ env: { MESSAGES_PER_HOUR: '12', ENQUIRIES_PER_DAY: '3' } });
});
beforeEach(async () => {
  listing = await bookings.givenListing();
  host = listing.host;
  guest = aUser();
});
afterAll(() => bookings.close());

type Page<T> = { data: T[]; nextCursor: string | null };

const enquire = (text = 'Is there a cot?', user = guest, id = listing.id) =>
  bookings.as(user).post<Thread>(`/v1/listings/${id}/threads`, { text });
const send = (user: TestUser, threadId: string, text: string) =>
  bookings.as(user).post<Message>(`/v1/threads/${threadId}/messages`, { text });

async function enquiry(text?: string): Promise<Thread> {
  const answer = await enquire(text);
  expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 201 });
  return shaped(Thread, answer.body);
}
async function threadsOf(user: TestUser, query = ''): Promise<Page<Thread>> {
  const { status, body } = await bookings.as(user).get<Page<Thread>>(`/v1/me/threads${query}`);
  expect(status).toBe(200);
  body.data.forEach((thread) => shaped(Thread, thread));
  return body;
}
async function messagesOf(user: TestUser, threadId: string, query = ''): Promise<Page<Message>> {
  const answer = await bookings.as(user).get<Page<Message>>(`/v1/threads/${threadId}/messages${query}`);
  expect(answer.status).toBe(200);
  answer.body.data.forEach((message) => shaped(Message, message));
  return answer.body;
}
const texts = ({ data }: Page<Message>) => data.map(({ text }) => text);
const events = () => bookings.service.published('message.sent');

describe('an enquiry', () => {
  it('begins a thread that both sides see', async () => {
    const thread = await enquiry('Is there a cot?');
    expect(thread).toMatchObject({
      listingId: listing.id,
      bookingId: null,
      guestId: guest.id,
      hostId: host.id,
      contactsShown: false,
      unreadCount: 0,
      lastMessage: { text: 'Is there a cot?', senderId: guest.id, hidden: [] },
    });
    expect((await threadsOf(guest)).data).toEqual([thread]);
    expect((await threadsOf(host)).data).toEqual([{ ...thread, unreadCount: 1 }]);
    expect((await messagesOf(host, thread.id)).data).toEqual([thread.lastMessage]);
  });

  it('goes on with the thread that there is: one per guest and listing', async () => {
    const first = await enquiry('One');
    const second = await enquiry('Two');
    expect(second.id).toBe(first.id);
    expect(texts(await messagesOf(host, first.id))).toEqual(['Two', 'One']);
    expect((await enquire('I, too', aUser())).body.id).not.toBe(first.id);
  });

  it('many at once make one thread, and every message is kept in one order', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, (_, at) => enquire(`Message ${at}`)));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    const [thread] = (await threadsOf(host)).data;
    expect(thread?.unreadCount).toBe(8);
    const all = texts(await messagesOf(host, thread!.id));
    expect(all.toSorted()).toEqual(Array.from({ length: 8 }, (_, at) => `Message ${at}`));
    expect(all[0]).toBe(thread?.lastMessage?.text);
  });

  it('tells the other side by an event without a word of the text', async () => {
    const thread = await enquiry('My secret garden');
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

  it('409: a listing of one’s own', async () => {
    expectProblem(await enquire('Hello me', host), 409, 'listing.is_own');
  });

  it('404: a listing that is not published, or none', async () => {
    await bookings.tell({ ...listing.body, status: 'paused' });
    expectProblem(await enquire(), 404, 'listing.not_found');
    expectProblem(await enquire('Hello', guest, randomUUID()), 404, 'listing.not_found');
  });

  it('403: without a verified mail address', async () => {
    expectProblem(await enquire('Hello', aUser({ emailVerified: false })), 403, 'auth.email_unverified');
  });

  it('403: whoever is suspended; 409 to somebody who is', async () => {
    const thread = await enquiry();
    await suspend(guest);
    expectProblem(await enquire(), 403, 'account.suspended');
    expectProblem(await send(guest, thread.id, 'Hello?'), 403, 'account.suspended');
    expectProblem(await send(host, thread.id, 'Hello?'), 409, 'thread.closed');
    expect((await messagesOf(host, thread.id)).data).toHaveLength(1);
  });

  it('the same key answers once, and another text with it is refused', async () => {
    const client = bookings.as(guest).with({ 'idempotency-key': `k-${guest.id}` });
    const path = `/v1/listings/${listing.id}/threads`;
    const first = await client.post<Thread>(path, { text: 'Once' });
    const again = await client.post<Thread>(path, { text: 'Once' });
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expectProblem(await client.post(path, { text: 'Twice' }), 422, 'idempotency.key_reused');
    expect(texts(await messagesOf(guest, first.body.id))).toEqual(['Once']);
  });
});

describe('a booking', () => {
  it('brings its word to the host as the first message of a thread with its id', async () => {
    const quote = await bookings.givenQuote(guest, listing);
    const { body: booking } = await bookings
      .as(guest)
      .post<{ id: string; threadId: string; message: string }>('/v1/bookings', {
        quoteId: quote.id,
        message: 'We come by train. Call +1 518 555 0142',
      });
    expect(booking.message).toBe('We come by train. Call [phone number hidden]');
    const [thread] = (await threadsOf(host, '?role=host')).data;
    expect(thread).toMatchObject({ id: booking.threadId, bookingId: booking.id, unreadCount: 1 });
    expect(texts(await messagesOf(host, booking.id))).toEqual([
      'We come by train. Call [phone number hidden]',
    ]);
    expect((await events()).filter(({ bookingId }) => bookingId === booking.id)).toHaveLength(1);
  });

  it('has its thread before anybody has written, for its two sides alone', async () => {
    const booking = await bookings.givenBooking({ listing, guest });
    expect((await messagesOf(guest, booking.id)).data).toEqual([]);
    expect((await threadsOf(guest)).data).toEqual([]);
    const read = await bookings.as(host).get<Thread>(`/v1/threads/${booking.id}`);
    expect(shaped(Thread, read.body)).toMatchObject({ lastMessage: null, unreadCount: 0 });
    expect((await send(host, booking.id, 'Welcome!')).status).toBe(201);
    expect((await threadsOf(guest)).data).toMatchObject([{ id: booking.id, unreadCount: 1 }]);
    for (const stranger of [aUser(), aUser({ roles: ['admin'] })]) {
      expectProblem(await bookings.as(stranger).get(`/v1/threads/${booking.id}`), 404, 'thread.not_found');
      expectProblem(
        await bookings.as(stranger).get(`/v1/threads/${booking.id}/messages`),
        404,
        'thread.not_found',
      );
      expectProblem(await send(stranger, booking.id, 'Let me in'), 404, 'thread.not_found');
    }
  });

  it('that is refused leaves no message behind', async () => {
    const quote = await bookings.givenQuote(guest, listing);
    await bookings.givenBooking({ listing });
    const answer = await bookings.as(guest).post('/v1/bookings', { quoteId: quote.id, message: 'Hello' });
    expectProblem(answer, 409, 'booking.dates_unavailable');
    expect((await threadsOf(guest)).data).toEqual([]);
  });

  it('409: nobody books a listing of their own', async () => {
    const quote = await bookings.givenQuote(host, listing);
    const answer = await bookings.as(host).post('/v1/bookings', { quoteId: quote.id });
    expectProblem(answer, 409, 'listing.is_own');
    expect(await bookings.isFree(listing, '2027-06-10')).toBe(true);
  });
});

describe('contact data', () => {
  const told = 'Write to john (at) gmail (dot) com or call +1 518 555 0142';
  const hidden = 'Write to [mail address hidden] or call [phone number hidden]';

  it('are masked for both sides until the booking is confirmed, then shown, in older messages too', async () => {
    const asked = await enquiry(told);
    expect(asked.lastMessage).toMatchObject({ text: hidden, hidden: ['mail', 'phone'] });
    const booking = await bookings.givenRequest({
      guest,
      listing: await bookings.givenListing({ host, bookingMode: 'request' }),
    });
    await send(host, booking.id, told);
    for (const user of [guest, host]) {
      expect(texts(await messagesOf(user, booking.id))).toEqual([hidden]);
      expect(texts(await messagesOf(user, asked.id))).toEqual([hidden]);
    }
    await bookings.captured(booking);
    await bookings.as(host).post(`/v1/bookings/${booking.id}/accept`);
    expect(await bookings.stateOf(booking)).toBe('confirmed');
    for (const user of [guest, host])
      expect((await messagesOf(user, booking.id)).data).toMatchObject([{ text: told, hidden: [] }]);
    // Another listing: nothing is confirmed there.
    expect(texts(await messagesOf(host, asked.id))).toEqual([hidden]);
    expect((await send(host, booking.id, told)).body.text).toBe(told);
    expect((await threadsOf(guest)).data[0]).toMatchObject({ id: booking.id, contactsShown: true });
  });

  it('of the enquiry are shown as well once a booking of the listing is confirmed', async () => {
    const asked = await enquiry(told);
    const other = await enquire(told, aUser());
    await bookings.givenConfirmed({ guest, listing });
    expect(texts(await messagesOf(host, asked.id))).toEqual([told]);
    expect(texts(await messagesOf(host, other.body.id))).toEqual([hidden]);
  });

  it('never confirmed, never shown', async () => {
    const booking = await bookings.givenBooking({ guest, listing });
    await send(guest, booking.id, told);
    await bookings.as(guest).post(`/v1/bookings/${booking.id}/cancel`, { reason: 'No' });
    expect(texts(await messagesOf(host, booking.id))).toEqual([hidden]);
  });

  it('the word to the host in the booking itself: masked, then shown', async () => {
    const quote = await bookings.givenQuote(guest, listing);
    const { body } = await bookings
      .as(guest)
      .post<{ id: string }>('/v1/bookings', { quoteId: quote.id, message: told });
    const read = () => bookings.as(host).get<{ message: string }>(`/v1/bookings/${body.id}`);
    expect((await read()).body.message).toBe(hidden);
    await bookings.service.query('UPDATE booking SET confirmed_at = now() WHERE id = $1', [body.id]);
    expect((await read()).body.message).toBe(told);
  });
});

describe('reading', () => {
  it('page by page, newest first, without gap or repetition while more is written', async () => {
    const thread = await enquiry('1');
    for (let number = 2; number <= 7; number += 1)
      await send(number % 2 ? guest : host, thread.id, String(number));
    const seen: string[] = [];
    for (let cursor: string | null = null; ;) {
      const answer: Page<Message> = await messagesOf(
        guest,
        thread.id,
        `?limit=3${cursor ? `&cursor=${cursor}` : ''}`,
      );
      seen.push(...texts(answer));
      if (!answer.nextCursor) break;
      cursor = answer.nextCursor;
      await send(host, thread.id, 'in between');
    }
    expect(seen).toEqual(['7', '6', '5', '4', '3', '2', '1']);
  });

  it('threads: those with the newest message first, by side, page by page', async () => {
    const listings = [listing, await bookings.givenListing({ host }), await bookings.givenListing({ host })];
    const ids: string[] = [];
    for (const { id } of listings) ids.push((await enquire('Hello', guest, id)).body.id);
    await send(host, ids[0]!, 'Hello yourself');
    const order = [ids[0], ids[2], ids[1]];
    const first = await threadsOf(host, '?limit=2');
    const rest = await threadsOf(host, `?limit=2&cursor=${first.nextCursor}`);
    expect([...first.data, ...rest.data].map(({ id }) => id)).toEqual(order);
    expect(rest.nextCursor).toBeNull();
    expect((await threadsOf(host, '?role=guest')).data).toEqual([]);
    expect((await threadsOf(guest, '?role=guest')).data.map(({ id }) => id)).toEqual(order);
  });

  it('marks what was read, never back, and who answers has read', async () => {
    const thread = await enquiry('One');
    await enquire('Two');
    await enquire('Three');
    const [three, two, one] = (await messagesOf(host, thread.id)).data;
    const mark = (user: TestUser, messageId: string) =>
      bookings.as(user).put<Thread>(`/v1/threads/${thread.id}/read-mark`, { messageId });
    expect((await mark(host, two!.id)).body.unreadCount).toBe(1);
    expect((await mark(host, one!.id)).body.unreadCount).toBe(1);
    expect((await threadsOf(guest)).data[0]?.unreadCount).toBe(0);
    await send(host, thread.id, 'Yes');
    expect((await threadsOf(host)).data[0]?.unreadCount).toBe(0);
    expect((await threadsOf(guest)).data[0]?.unreadCount).toBe(1);
    expect((await mark(host, three!.id)).body.unreadCount).toBe(0);
    expectProblem(await mark(host, randomUUID()), 404, 'message.not_found');
    expectProblem(await mark(aUser(), one!.id), 404, 'thread.not_found');
  });

  it('marks with If-Match: 412 where something was written since', async () => {
    const thread = await enquiry('One');
    const [one] = (await messagesOf(host, thread.id)).data;
    const path = `/v1/threads/${thread.id}`;
    const mark = (etag: string) =>
      bookings.as(host).put<Thread>(`${path}/read-mark`, { messageId: one!.id }, { 'if-match': etag });
    const before = String((await bookings.as(host).get(path)).headers.get('etag'));
    await enquire('Two');
    expectProblem(await mark(before), 412, 'request.precondition_failed');
    const marked = await mark(String((await bookings.as(host).get(path)).headers.get('etag')));
    expect(marked.body.unreadCount).toBe(1);
    expect((await bookings.as(host).get(path)).headers.get('etag')).toBe(marked.headers.get('etag'));
  });

  it('304 until something happened, be it that the booking was confirmed', async () => {
    const booking = await bookings.givenBooking({ listing, guest });
    await send(guest, booking.id, 'Hello');
    const path = `/v1/threads/${booking.id}`;
    const etag = async () => String((await bookings.as(host).get(path)).headers.get('etag'));
    const first = await etag();
    expect((await bookings.as(host).get(path, { 'if-none-match': first })).status).toBe(304);
    expect(String((await bookings.as(guest).get(path)).headers.get('etag'))).not.toBe(first);
    await bookings.captured(booking);
    const confirmed = await etag();
    expect(confirmed).not.toBe(first);
    await send(guest, booking.id, 'Hello again');
    expect(await etag()).not.toBe(confirmed);
  });
});

describe('limits', () => {
  it('429 with Retry-After: too many messages an hour, whichever thread they are in', async () => {
    const [one, other] = [await enquiry('1'), await bookings.givenBooking({ guest, listing })];
    const answers = await Promise.all(
      Array.from({ length: 15 }, (_, at) => send(guest, at % 2 ? one.id : other.id, 'More')),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(11);
    const refused = answers.filter(({ status }) => status !== 201);
    for (const answer of refused) {
      expectProblem(answer, 429, 'rate.too_many_messages');
      const seconds = Number(answer.headers.get('retry-after'));
      expect(seconds).toBeGreaterThan(3000);
      expect(seconds).toBeLessThanOrEqual(3600);
    }
    expect((await send(host, one.id, 'I may')).status).toBe(201);
    await bookings.service.query(
      `UPDATE message SET written_at = written_at - interval '1 hour' WHERE sender_id = $1`,
      [guest.id],
    );
    expect((await send(guest, one.id, 'Again')).status).toBe(201);
  });

  it('429: too many new enquiries a day; those that there are go on', async () => {
    const ids: string[] = [];
    for (let made = 0; made < 3; made += 1)
      ids.push((await enquire('Hello', guest, (await bookings.givenListing()).id)).body.id);
    const answer = await enquire();
    expectProblem(answer, 429, 'rate.too_many_messages');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(80_000);
    expect((await send(guest, ids[0]!, 'Still here')).status).toBe(201);
    const booking = await bookings.givenBooking({ guest, listing });
    expect((await send(guest, booking.id, 'Of a booking')).status).toBe(201);
  });

  it.each([
    ['an empty text', { text: '' }, '/text'],
    ['blanks', { text: ' \n ' }, '/text'],
    ['4,001 characters', { text: 'x'.repeat(4001) }, '/text'],
    ['control characters', { text: 'a\u0007b' }, '/text'],
    ['a number', { text: 7 }, '/text'],
    ['no text', {}, '/text'],
    ['a sender', { text: 'Hello', senderId: randomUUID() }, '/senderId'],
  ])('400: %s', async (_, body, pointer) => {
    const thread = await enquiry();
    for (const path of [`/v1/listings/${listing.id}/threads`, `/v1/threads/${thread.id}/messages`])
      expectProblem(await bookings.as(guest).post(path, body), 400, 'request.invalid', pointer);
  });

  it.each(['?limit=0', '?limit=101', '?cursor=nonsense', '?offset=1'])('400: %s', async (query) => {
    const thread = await enquiry();
    for (const path of ['/v1/me/threads', `/v1/threads/${thread.id}/messages`])
      expectProblem(await bookings.as(guest).get(`${path}${query}`), 400, 'request.invalid');
  });

  it('401: nobody', async () => {
    const { anonymous } = bookings.service;
    expectProblem(await anonymous.get('/v1/me/threads'), 401, 'auth.missing_token');
    expectProblem(await anonymous.get(`/v1/threads/${randomUUID()}`), 401, 'auth.missing_token');
  });
});

describe('in the graph', () => {
  it('threads with their messages, one query each however many there are', async () => {
    const other = await bookings.givenListing({ host });
    for (const { id } of [listing, other]) await enquire(`About ${id}`, guest, id);
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

  it('starts, sends, marks; and a booking leads to its thread', async () => {
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
    const stranger = await bookings.as(aUser()).graphql('query ($id: ID!) { thread(id: $id) { id } }', {
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

async function suspend(user: TestUser): Promise<void> {
  await bookings.service.deliver(
    'user.suspended',
    {
      userId: user.id,
      displayName: 'Somebody',
      locale: 'en',
      roles: ['guest'],
      emailVerified: true,
      status: 'suspended',
    },
    { version: 7 },
  );
  await eventually(async () =>
    expect(await bookings.service.query('SELECT FROM account WHERE user_id = $1', [user.id])).toHaveLength(1),
  );
}
