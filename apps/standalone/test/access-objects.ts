import { randomUUID } from 'node:crypto';
import { aPublishedListing, eventually, type TestClient } from '@roost/testing';
import type { Callers } from './access-matrix.js';
import type { Objects } from './access-operation.js';
import { dayAhead, type Marketplace } from './marketplace.fixture.js';
import { setAvatar, verifyPhone } from './profile.fixture.js';
import type { Operator } from './operator.fixture.js';

const TIMEOUT = { seconds: 60 };
const PHONE = '+12025550147';

/** What the objects are made from. */
export interface Ground {
  market: Marketplace;
  callers: Callers;
  operator: Operator;
}

/** A stay of guest A at host A that has ended, with everything around it, and a payment that is due. */
export async function prepareObjects(ground: Ground): Promise<Objects> {
  const { market, callers } = ground;
  const { guest, host } = market;
  const { booking, payment: paid } = await market.bookAndPay();
  const { id: bookingId, listingId } = booking;
  const change = await created(guest, `/v1/bookings/${bookingId}/changes`, {
    checkInDate: booking.checkInDate,
    checkOutDate: dayAhead(13),
  });
  const calendar = `/v1/listings/${listingId}/calendar`;
  const objects: Objects = {
    listing: listingId,
    booking: bookingId,
    thread: bookingId,
    change,
    paid: paid.id,
    message: await created(guest, `/v1/threads/${bookingId}/messages`, { text: 'Good morning' }),
    block: await aBlock(host, listingId, 60),
    'block of DELETE': await aBlock(host, listingId, 70),
    feed: await aFeed(host, listingId, 'a'),
    'feed of DELETE': await aFeed(host, listingId, 'b'),
    calendar: await tokenOf(host, `${calendar}/export-url`),
    photo: await photoOf(host, listingId),
    draft: await created(host, '/v1/listings', { title: 'A draft' }),
    'other draft': await created(host, '/v1/listings', { title: 'A draft' }),
    export: await created(guest, '/v1/me/exports'),
    ...(await wishlistsOf(guest)),
    ...(await accountOf(ground)),
  };
  expect((await callers.anonymous.post('/dev/clock', { advance: 'P13D' })).status).toBe(200);
  await market.becomes(bookingId, 'completed');
  objects.review = await reviewed(bookingId, guest, host);
  objects.payment = (await market.book()).payment.id;
  objects['live booking'] = (await market.bookAndPay()).booking.id;
  objects['other live booking'] = (await market.bookAndPay()).booking.id;
  objects.quote = await created(guest, '/v1/quotes', {
    ...{ listingId, checkInDate: dayAhead(80), checkOutDate: dayAhead(82) },
    guests: { adults: 1, children: [], infants: 0, pets: 0 },
  });
  await eventually(async () => {
    expect((await host.get<{ data: unknown[] }>('/v1/me/payouts')).body.data).not.toEqual([]);
  }, TIMEOUT);
  return { ...objects, ...(await operatedObjects(ground, objects)) };
}

/** Objects of the same kinds with other owners: host B, guest B, or another booking of guest A. */
export async function prepareForeignObjects({ callers }: Ground, own: Objects): Promise<Objects> {
  const { guestA, guestB, hostB } = callers;
  const listing = await aPublishedListing(hostB);
  const thread = await eventually(() =>
    created(guestB, `/v1/listings/${listing}/threads`, { text: 'Hello' }),
  );
  return {
    room: listing,
    photo: await photoOf(hostB, listing),
    block: await aBlock(hostB, listing, 60),
    feed: await aFeed(hostB, listing, 'a'),
    change: await created(guestA, `/v1/bookings/${own['other live booking']}/changes`, {
      checkInDate: dayAhead(120),
      checkOutDate: dayAhead(122),
    }),
    message: await created(guestB, `/v1/threads/${thread}/messages`, { text: 'Hello again' }),
  };
}

async function created(client: TestClient, path: string, body: object = {}): Promise<string> {
  const response = await client.post<{ id: string }>(path, body);
  expect({ path, isCreated: [201, 202].includes(response.status), body: response.body }).toMatchObject({
    isCreated: true,
  });
  return response.body.id;
}

const aBlock = (host: TestClient, listingId: string, daysAhead: number): Promise<string> =>
  eventually(() =>
    created(host, `/v1/listings/${listingId}/calendar/blocks`, {
      from: dayAhead(daysAhead),
      to: dayAhead(daysAhead + 1),
    }),
  );

const aFeed = (host: TestClient, listingId: string, name: string): Promise<string> =>
  created(host, `/v1/listings/${listingId}/calendar/feeds`, {
    url: `https://calendars.example.com/${name}.ics`,
    name,
  });

async function photoOf(host: TestClient, listingId: string): Promise<string> {
  const { body } = await host.get<{ photos: { id: string }[] }>(`/v1/listings/${listingId}`);
  return body.photos[0]?.id ?? '';
}

async function tokenOf(client: TestClient, path: string): Promise<string> {
  const { body } = await client.post<{ url: string }>(path, {});
  return /\/([^/]+?)(?:\.ics)?$/.exec(body.url)?.[1] ?? '';
}

async function wishlistsOf(guest: TestClient): Promise<Objects> {
  const wishlist = () => created(guest, '/v1/wishlists', { name: 'By the sea' });
  const shared = await wishlist();
  return {
    wishlist: await wishlist(),
    'wishlist of DELETE': await wishlist(),
    'shared-wishlist': await tokenOf(guest, `/v1/wishlists/${shared}/share-url`),
  };
}

/** The account of guest A, with each field of `GET /v1/me`. */
async function accountOf({ market, callers: { anonymous }, operator }: Ground): Promise<Objects> {
  const { guest, guestCredentials } = market;
  expect((await anonymous.post('/v1/auth/login', guestCredentials)).status).toBe(200);
  await verifyPhone(guest, anonymous, PHONE);
  expect((await guest.patch('/v1/me', { locale: 'en' })).status).toBe(200);
  const jpeg = await setAvatar(guest);
  const { body: sessions } = await guest.get<{ data: { id: string; current: boolean }[] }>('/v1/me/sessions');
  const session = (current: boolean) => sessions.data.find((one) => one.current === current)?.id ?? '';
  const { body: me } = await guest.get<{ id: string; avatarUrl: string }>('/v1/me');
  return {
    ...guestCredentials,
    jpeg: jpeg.toString('base64'),
    user: me.id,
    avatar: me.avatarUrl.split('/').at(-1) ?? '',
    session: session(true),
    'other session': session(false),
    ...(await signInMethodsOf(me.id, operator)),
  };
}

/** Passkeys and accounts at providers; the protocols behind them have their own specs. */
async function signInMethodsOf(userId: string, operator: Operator): Promise<Objects> {
  const inserted = async (sql: string, values: unknown[]): Promise<string> => {
    const id = randomUUID();
    await operator.query('identity', sql, [id, userId, ...values]);
    return id;
  };
  const passkey = () =>
    inserted(
      `INSERT INTO passkey (id, user_id, name, credential_id, public_key, sign_count, transports, backed_up, created_at)
       VALUES ($1, $2, 'Phone', $3, '\\x00', 0, '[]', false, now())`,
      [randomUUID()],
    );
  const identity = (issuer: string) =>
    inserted(
      `INSERT INTO external_identity (id, user_id, issuer, subject, created_at, last_used_at)
       VALUES ($1, $2, $3, '1', now(), now())`,
      [issuer],
    );
  return {
    passkey: await passkey(),
    'passkey of DELETE': await passkey(),
    identity: await identity('https://a.example.com'),
    'identity of DELETE': await identity('https://b.example.com'),
  };
}

/** What administrators decide on: reports, faults, and objects that the other routes do not use. */
async function operatedObjects({ market, callers, operator }: Ground, objects: Objects): Promise<Objects> {
  const { anonymous, guestB, hostB, admin } = callers;
  const report = (client: TestClient) =>
    created(client, '/v1/reports', { subjectType: 'user', subjectId: objects.user, reason: 'spam' });
  const { body: user } = await anonymous.post<{ id: string }>('/dev/users', { roles: ['guest'] });
  const { body: webhooks } = await admin.get<{ data: { id: string }[] }>(
    '/v1/admin/webhooks?provider=sandbox',
  );
  const run = await created(admin, '/v1/admin/reconciliation/runs');
  await eventually(async () => {
    const { body } = await admin.get<{ status: string }>(`/v1/admin/reconciliation/runs/${run}`);
    expect(body.status).toBe('finished');
  }, TIMEOUT);
  const refund = await created(admin, `/v1/admin/payments/${objects.paid}/refunds`, {
    ...{ amountMinor: 100, reason: 'A reason' },
  });
  return {
    ...{ run, refund },
    'user of admin': user.id,
    'listing of admin': await aPublishedListing(market.host),
    report: await report(guestB),
    'other report': await report(hostB),
    'review-report': await created(guestB, `/v1/reviews/${objects.review}/report`, { reason: 'spam' }),
    webhook: webhooks.data[0]?.id ?? '',
    'dead-letter': await deadLetter(operator),
    'other dead-letter': await deadLetter(operator),
    refused: await refusedEvent(operator),
    'other refused': await refusedEvent(operator),
  };
}

async function deadLetter(operator: Operator): Promise<string> {
  const id = randomUUID();
  await operator.query(
    'reviews',
    `INSERT INTO dead_letter (event_id, topic, key, type, source, occurred_at, aggregate_version, schema_version, data, code, tries)
     VALUES ($1::uuid, 'listings.listing', $1::text, 'listing.changed', '/listings', now(), 1, 1, '{}', 'TypeError', 5)`,
    [id],
  );
  return id;
}

/** An event that was published, and so does nothing when it is resent. */
async function refusedEvent(operator: Operator): Promise<string> {
  const [event] = await operator.query<{ id: string }>(
    'reviews',
    `UPDATE outbox_event SET refused_at = now(), refusal = 'MESSAGE_TOO_LARGE'
     WHERE id = (SELECT id FROM outbox_event WHERE type = 'review.published' AND refused_at IS NULL LIMIT 1)
     RETURNING id`,
  );
  return event?.id ?? '';
}

/** The review by the guest, published because the host has written one too. */
async function reviewed(bookingId: string, guest: TestClient, host: TestClient): Promise<string> {
  const path = `/v1/bookings/${bookingId}/reviews`;
  const write = (client: TestClient, categories: object) =>
    eventually(async () => {
      const review = await client.post<{ id: string }>(path, { overall: 5, categories, text: 'A good stay' });
      expect(review.status).toBe(201);
      return review.body.id;
    }, TIMEOUT);
  const id = await write(guest, {
    ...{ accuracy: 5, checkIn: 5, cleanliness: 5, communication: 5, location: 5, value: 5 },
  });
  await write(host, { cleanliness: 5, rules: 5, communication: 5 });
  return id;
}
