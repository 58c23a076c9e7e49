import { randomUUID } from 'node:crypto';
import { eventually, expectProblem, testUser, type TestUser } from '@roost/testing';
import type { Booking } from '../src/booking/booking.dto.js';
import type { Message, Thread } from '../src/message/message.dto.js';
import { AdminThread, AdminThreadDetails } from '../src/message/thread-admin.dto.js';
import { expectShape, type TestBooking, type TestListing, useBookings } from './bookings.fixture.js';
import { MessagesUnderTest, type Page } from './messages.fixture.js';

const bookings = useBookings();
const messages = new MessagesUnderTest(bookings);
const admin = testUser({ roles: ['admin'] });
const reason = 'Report of fraud 17';

const list = async (query: Record<string, string>): Promise<Page<AdminThread>> => {
  const search = new URLSearchParams(query).toString();
  const { status, body } = await bookings.as(admin).get<Page<AdminThread>>(`/v1/admin/threads?${search}`);
  expect(status).toBe(200);
  body.data.forEach((thread) => expectShape(AdminThread, thread));
  return body;
};
const idsOf = async (query: Record<string, string>) => (await list(query)).data.map(({ id }) => id);
const read = (id: string, query: Record<string, string> = { reason }, user = admin) =>
  bookings
    .as(user)
    .get<AdminThreadDetails>(`/v1/admin/threads/${id}?${new URLSearchParams(query).toString()}`);
const bookWithMessage = async (message: string) => {
  const guest = testUser();
  const { id: quoteId } = await bookings.givenQuote(guest, await bookings.givenListing());
  const { body } = await bookings.as(guest).post<Booking>('/v1/bookings', { quoteId, message });
  return { id: body.id, guest };
};
const exportedMessage = async (user: TestUser) => {
  const requestId = randomUUID();
  await bookings.service.deliver('privacy.export-requested', { userId: user.id, requestId });
  return eventually(async () => {
    const path = `/v1/me/exports/${requestId}/file`;
    const { status, body } = await bookings.as(user).get<{ bookings: Booking[] }>(path);
    expect(status).toBe(200);
    return body.bookings[0]?.message;
  });
};
const log = async (subjectId: string) => {
  const path = `/v1/admin/bookings/audit-log?subjectId=${subjectId}`;
  return (await bookings.as(admin).get<Page<object>>(path)).body.data;
};

let guest: TestUser;
let listing: TestListing;
let booking: TestBooking;
let enquiry: Thread;
beforeAll(async () => {
  guest = testUser();
  listing = await bookings.givenListing();
  booking = await bookings.givenBooking({ guest, listing });
  await messages.send(guest, booking.id, 'When can we arrive?');
  await messages.send(listing.host, booking.id, 'At three');
  await bookings.service.clock.advance('PT1H');
  enquiry = await messages.givenEnquiry(guest, await bookings.givenListing(), 'Call me: +49 170 1234567');
});

describe('GET /v1/admin/threads', () => {
  it('lists the threads of all users, newest message first, in pages, without texts', async () => {
    const first = await list({ userId: guest.id, limit: '1' });
    expect(first.data).toMatchObject([{ id: enquiry.id, bookingId: null, messageCount: 1 }]);
    const second = await list({ userId: guest.id, limit: '1', cursor: first.nextCursor ?? '' });
    expect(second.data).toMatchObject([
      {
        ...{ id: booking.id, bookingId: booking.id, listingId: listing.id, messageCount: 2 },
        ...{ guestId: guest.id, hostId: listing.host.id, contactsShown: false },
      },
    ]);
    expect(second.nextCursor).toBeNull();
    expect(JSON.stringify([first, second])).not.toMatch(/arrive|three|1234567/);
    expect(await idsOf({})).toEqual([enquiry.id, booking.id]);
  });

  it('filters by id, type, guest or host, booking, listing and time', async () => {
    expect(await idsOf({ id: enquiry.id })).toEqual([enquiry.id]);
    expect(await idsOf({ id: enquiry.id, type: 'booking' })).toEqual([]);
    expect(await idsOf({ type: 'enquiry' })).toEqual([enquiry.id]);
    expect(await idsOf({ type: 'booking' })).toEqual([booking.id]);
    expect(await idsOf({ userId: listing.host.id })).toEqual([booking.id]);
    expect(await idsOf({ userId: randomUUID() })).toEqual([]);
    expect(await idsOf({ bookingId: booking.id })).toEqual([booking.id]);
    expect(await idsOf({ listingId: enquiry.listingId })).toEqual([enquiry.id]);
    expect(await idsOf({ userId: guest.id, listingId: listing.id })).toEqual([booking.id]);
    expect(await idsOf({ createdFrom: enquiry.createdAt })).toEqual([enquiry.id]);
    expect(await idsOf({ createdTo: enquiry.createdAt })).toEqual([booking.id]);
  });

  it.each([
    ['limit', '0'],
    ['cursor', 'x'],
    ['id', 'x'],
    ['type', 'inquiry'],
    ['userId', 'x'],
    ['bookingId', 'x'],
    ['listingId', 'x'],
    ['createdFrom', 'today'],
    ['createdTo', 'x'],
    ['text', 'x'],
  ])('400 for %s=%s', async (name, value) => {
    const response = await bookings.as(admin).get(`/v1/admin/threads?${name}=${value}`);
    expectProblem(response, 400, 'request.invalid', name);
  });
});

describe('GET /v1/admin/threads/{id}', () => {
  it('returns the original texts, newest first, in pages', async () => {
    const { status, body } = await read(enquiry.id);
    expect(status).toBe(200);
    expectShape(AdminThreadDetails, body);
    expect(body).toMatchObject({ id: enquiry.id, guestId: guest.id, messageCount: 1 });
    expect(body.messages).toMatchObject({
      data: [{ senderId: guest.id, text: 'Call me: +49 170 1234567', hidden: ['phone'], moderation: null }],
      nextCursor: null,
    });
    const first = await read(booking.id, { reason, limit: '1' });
    expect(first.body.messages.data).toMatchObject([{ text: 'At three', senderId: listing.host.id }]);
    const second = await read(booking.id, {
      reason,
      limit: '1',
      cursor: first.body.messages.nextCursor ?? '',
    });
    expect(second.body.messages).toMatchObject({ data: [{ text: 'When can we arrive?' }], nextCursor: null });
  });

  it('records each read with its reason, and no rejected one', async () => {
    const thread = await messages.givenEnquiry(testUser(), listing, 'Hello');
    await read(thread.id);
    await read(thread.id, { reason: 'A second look' });
    await read(thread.id, { reason, cursor: 'x' });
    await read(thread.id, {});
    const entry = { action: 'thread.read', adminId: admin.id, subjectType: 'thread', subjectId: thread.id };
    expect(await log(thread.id)).toMatchObject([
      { ...entry, reason: 'A second look' },
      { ...entry, reason },
    ]);
  });

  it('400 without a valid reason', async () => {
    const queries: Record<string, string>[] = [
      {},
      { reason: '' },
      { reason: ' \u200b' },
      { reason: 'a'.repeat(501) },
    ];
    for (const query of queries)
      expectProblem(await read(enquiry.id, query), 400, 'request.invalid', 'reason');
  });

  it('404 for an unknown thread, which is not recorded', async () => {
    const id = randomUUID();
    expectProblem(await read(id), 404, 'thread.not_found');
    expect(await log(id)).toEqual([]);
  });

  it('401 and 403 for everyone but administrators, also its guest', async () => {
    for (const path of ['/v1/admin/threads', `/v1/admin/threads/${enquiry.id}?reason=x`]) {
      expectProblem(await bookings.service.anonymous.get(path), 401, 'auth.missing_token');
      for (const user of [guest, listing.host])
        expectProblem(await bookings.as(user).get(path), 403, 'auth.forbidden');
    }
  });
});

describe('GET /v1/messages/{id}', () => {
  const message = (user: TestUser, id: string) => bookings.as(user).get<Message>(`/v1/messages/${id}`);

  it('returns a message to guest and host, with masked contact details', async () => {
    const last = enquiry.lastMessage as Message;
    const { body, status } = await message(guest, last.id);
    expect(status).toBe(200);
    expect(body).toEqual(last);
    expect(body.text).not.toContain('1234567');
    const query = 'query ($id: ID!) { message(id: $id) { id text moderated } }';
    const { data } = await bookings.as(guest).graphql(query, { id: last.id });
    expect(data?.message).toEqual({ id: last.id, text: body.text, moderated: false });
    const { errors } = await bookings.as(listing.host).graphql(query, { id: last.id });
    expect(errors).toMatchObject([{ extensions: { code: 'message.not_found' } }]);
  });

  it('404 for everyone else, also administrators', async () => {
    const { id } = enquiry.lastMessage as Message;
    for (const user of [testUser(), listing.host, admin])
      expectProblem(await message(user, id), 404, 'message.not_found');
    expectProblem(await message(guest, randomUUID()), 404, 'message.not_found');
  });
});

describe('a message that an administrator hides', () => {
  let thread: Thread;
  let sent: Message;
  beforeEach(async () => {
    thread = await messages.givenEnquiry(guest, listing, 'Hello');
    sent = (await messages.send(guest, thread.id, 'You are stupid, a@example.com')).body;
  });

  const moderate = (action: 'hide' | 'restore', body: object = { reason }, user = admin, id = sent.id) =>
    bookings.as(user).post(`/v1/admin/messages/${id}/${action}`, body);
  const seenBy = async (user: TestUser) => (await messages.messagesOf(user, thread.id)).data[0];

  it('has no text for guest and host until it is restored, and its text for administrators', async () => {
    const before = await bookings.as(listing.host).get(`/v1/threads/${thread.id}`);
    expect((await moderate('hide')).status).toBe(204);
    const hidden = { id: sent.id, moderated: true, text: '', hidden: [], senderErased: false };
    expect(await seenBy(guest)).toMatchObject(hidden);
    expect(await seenBy(listing.host)).toMatchObject(hidden);
    const after = await bookings.as(listing.host).get<Thread>(`/v1/threads/${thread.id}`);
    expect(after.body.lastMessage).toMatchObject(hidden);
    expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'));
    const [asAdmin] = (await read(thread.id)).body.messages.data;
    expect(asAdmin).toMatchObject({
      text: 'You are stupid, a@example.com',
      moderation: { adminId: admin.id, reason },
    });
    expect((await moderate('restore')).status).toBe(204);
    expect(await seenBy(listing.host)).toEqual(sent);
  });

  it('is in the audit log; 409 for a second time', async () => {
    expectProblem(await moderate('restore'), 409, 'message.wrong_state');
    await moderate('hide');
    expectProblem(await moderate('hide'), 409, 'message.wrong_state');
    await moderate('restore', { reason: 'A joke among friends' });
    const entry = { adminId: admin.id, subjectType: 'message', details: { threadId: thread.id } };
    expect(await log(sent.id)).toMatchObject([
      { ...entry, action: 'message.restore', reason: 'A joke among friends' },
      { ...entry, action: 'message.hide', reason },
    ]);
  });

  it('is also hidden in the booking that it opened, with a new ETag', async () => {
    const text = 'You are stupid';
    const { id, guest } = await bookWithMessage(text);
    await messages.send(guest, id, 'Hello');
    const [, first] = (await messages.messagesOf(guest, id)).data;
    const seen = async () => {
      const { body, headers } = await bookings.as(guest).get<Booking>(`/v1/bookings/${id}`);
      const listed = await bookings.as(guest).get<Page<Booking>>('/v1/me/bookings');
      const query = 'query ($id: ID!) { booking(id: $id) { message } }';
      const { data } = await bookings.as(guest).graphql(query, { id });
      const graph = (data?.booking as Booking).message;
      const texts = [body.message, listed.body.data[0]?.message, graph];
      return { etag: headers.get('etag'), texts: [...texts, await exportedMessage(guest)] };
    };
    const before = await seen();
    expect(before.texts).toEqual([text, text, text, text]);
    await moderate('hide', { reason }, admin, first?.id);
    const hidden = await seen();
    expect(hidden.texts).toEqual([null, null, null, null]);
    expect(hidden.etag).not.toBe(before.etag);
    await moderate('restore', { reason }, admin, first?.id);
    const restored = await seen();
    expect(restored.texts).toEqual(before.texts);
    expect(restored.etag).not.toBe(hidden.etag);
  });

  it('leaves the message of the booking if it is a later one', async () => {
    const { id, guest } = await bookWithMessage('Hello');
    const later = (await messages.send(guest, id, 'You are stupid')).body;
    await moderate('hide', { reason }, admin, later.id);
    expect((await bookings.as(guest).get<Booking>(`/v1/bookings/${id}`)).body.message).toBe('Hello');
  });

  it('404, 403 and 400', async () => {
    expectProblem(await moderate('hide', { reason }, admin, randomUUID()), 404, 'message.not_found');
    expectProblem(await moderate('hide', { reason }, listing.host), 403, 'auth.forbidden');
    for (const action of ['hide', 'restore'] as const)
      expectProblem(await moderate(action, {}), 400, 'request.invalid', '/reason');
  });
});
