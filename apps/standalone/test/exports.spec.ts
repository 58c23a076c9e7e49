import { jest } from '@jest/globals';
import { eventually, expectProblem, TestClient } from '@roost/testing';
import { downloadExport, type ExportFile, requestExport } from './exports.fixture.js';
import { type Env, freshEnvironment, run, stopAll } from './launcher.js';
import { type Booking, dayAhead, Marketplace } from './marketplace.fixture.js';
import { Operator, STATEFUL_SERVICES } from './operator.fixture.js';

jest.setTimeout(600_000);

const TIMEOUT = { seconds: 60 };
const SECRET_REVIEW = 'A review that only one side has written';
const REFERENCE = 'acct_1032D82eZvKYlo2C';
const GUEST_SCORES = { accuracy: 5, checkIn: 5, cleanliness: 5, communication: 5, location: 5, value: 5 };
const HOST_SCORES = { cleanliness: 5, rules: 5, communication: 5 };

interface Profile {
  id: string;
  email: string;
}

let operator: Operator;
let anyone: TestClient;
let market: Marketplace;
/** Has asked a question and booked nothing. */
let visitor: TestClient;
let listingId: string;
let bookings: [Booking, Booking];
let profiles: Record<'guest' | 'host' | 'visitor', Profile>;
let files: Record<'guest' | 'host' | 'visitor', ExportFile>;

const profileOf = async (client: TestClient) =>
  (await client.get<Profile & Record<string, unknown>>('/v1/me')).body;

async function review(author: TestClient, booking: Booking, categories: object, text: string): Promise<void> {
  await eventually(async () => {
    const body = { overall: 5, categories, text };
    expect((await author.post(`/v1/bookings/${booking.id}/reviews`, body)).status).toBe(201);
  }, TIMEOUT);
}

beforeAll(async () => {
  const env: Env = { ...(await freshEnvironment()), RATE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'error' };
  await run(env).prints('Roost is ready');
  anyone = new TestClient(`http://127.0.0.1:${env.PORT}`);
  operator = new Operator(env);
  market = await Marketplace.prepare(anyone);
  const { guest, host } = market;
  const made = await anyone.post<{ accessToken: string }>('/dev/users', { emailVerified: true });
  visitor = anyone.with({ authorization: `Bearer ${made.body.accessToken}` });
  profiles = {
    guest: await profileOf(guest),
    host: await profileOf(host),
    visitor: await profileOf(visitor),
  };

  const account = { provider: 'sandbox', currency: 'EUR', reference: REFERENCE };
  expect((await host.put('/v1/me/payout-account', account)).status).toBe(200);
  bookings = [(await market.bookAndPay()).booking, (await market.bookAndPay()).booking];
  listingId = bookings[0].listingId;
  const block = { from: dayAhead(300), to: dayAhead(302), note: 'The plumber' };
  expect((await host.post(`/v1/listings/${listingId}/calendar/blocks`, block)).status).toBe(201);
  const wishlist = await guest.post<{ id: string }>('/v1/wishlists', { name: 'By the sea' });
  expect((await guest.put(`/v1/wishlists/${wishlist.body.id}/listings/${listingId}`)).status).toBe(204);
  const question = { text: 'Call +32 470 12 34 56 or mail eve@example.org' };
  expect((await visitor.post(`/v1/listings/${listingId}/threads`, question)).status).toBe(201);
  const message = { text: 'When can we arrive?' };
  expect((await guest.post(`/v1/threads/${bookings[0].id}/messages`, message)).status).toBe(201);

  expect((await anyone.post('/dev/clock', { advance: 'P25D' })).status).toBe(200);
  for (const { id } of bookings) await market.becomes(id, 'completed');
  await eventually(async () => {
    const { body } = await host.get<{ data: { status: string }[] }>('/v1/me/payouts');
    expect(body.data.map(({ status }) => status)).toContain('paid');
  }, TIMEOUT);
  await review(guest, bookings[0], GUEST_SCORES, 'Quiet and clean');
  await review(host, bookings[0], HOST_SCORES, 'Friendly guests');
  await review(guest, bookings[1], GUEST_SCORES, SECRET_REVIEW);

  const ids = [await requestExport(guest), await requestExport(host), await requestExport(visitor)] as const;
  files = {
    guest: await downloadExport(guest, ids[0]),
    host: await downloadExport(host, ids[1]),
    visitor: await downloadExport(visitor, ids[2]),
  };
});
afterAll(async () => {
  operator?.stop();
  await stopAll();
});

const idsOf = (records: Record<string, unknown>[] | undefined, key = 'id') =>
  (records ?? []).map((record) => record[key]).sort();

test('the file of a guest has what they did in every service', () => {
  const { identity, listings, bookings: booked, payments, reviews } = files.guest;
  expect(identity.about).toHaveLength(1);
  expect(identity.account).toMatchObject([{ id: profiles.guest.id, email: profiles.guest.email }]);
  expect(identity.sessions).toHaveLength(1);
  expect(identity.mails?.length).toBeGreaterThan(0);
  expect(listings).toMatchObject({
    listings: [],
    wishlists: [{ name: 'By the sea' }],
    wishlistListings: [{ listingId }],
  });
  expect(idsOf(booked.bookings)).toEqual(idsOf(bookings as unknown as Record<string, unknown>[]));
  expect(booked.messages).toMatchObject([{ senderId: profiles.guest.id, text: 'When can we arrive?' }]);
  expect(booked.calendarBlocks).toEqual([]);
  expect(idsOf(payments.payments, 'bookingId')).toEqual(bookings.map(({ id }) => id).sort());
  expect(payments.payments).toMatchObject([
    { status: 'captured', clientSecret: null },
    { status: 'captured', clientSecret: null },
  ]);
  expect(payments.paymentMethods).toMatchObject([
    { paymentMethod: 'pm_card_visa' },
    { paymentMethod: 'pm_card_visa' },
  ]);
  expect(idsOf(payments.papers, 'bookingId')).toEqual(bookings.map(({ id }) => id).sort());
  expect(payments).toMatchObject({ payouts: [], payoutAccounts: [] });
  expect((reviews.reviewsWritten ?? []).map(({ text }) => text).sort()).toEqual([
    SECRET_REVIEW,
    'Quiet and clean',
  ]);
  expect(reviews.reviewsReceived).toMatchObject([{ text: 'Friendly guests' }]);
});

test('the file of a host has their listing, bookings, payouts and masked payout account', () => {
  const { identity, listings, bookings: booked, payments, reviews } = files.host;
  expect(identity.account).toMatchObject([{ id: profiles.host.id, email: profiles.host.email }]);
  expect(listings.listings).toMatchObject([
    { id: listingId, title: 'A flat at the end of the line', address: { line1: 'Teststraat 1' } },
  ]);
  expect(listings.listingChanges).toContainEqual(
    expect.objectContaining({ listingId, version: 1, action: 'created', fields: [] }),
  );
  expect(idsOf(booked.bookings)).toEqual(bookings.map(({ id }) => id).sort());
  expect(booked.calendarBlocks).toMatchObject([{ note: 'The plumber' }]);
  expect(payments.payouts).toContainEqual(expect.objectContaining({ status: 'paid', currency: 'EUR' }));
  expect(payments.payoutAccounts).toMatchObject([{ currency: 'EUR' }]);
  expect(payments.paymentMethods).toEqual([]);
  expect(reviews.reviewsWritten).toMatchObject([{ text: 'Friendly guests' }]);
  expect(reviews.reviewsReceived).toMatchObject([{ text: 'Quiet and clean' }]);
});

test('no file has private data of another user, a secret, or a review that is not published', () => {
  const texts = {
    guest: JSON.stringify(files.guest),
    host: JSON.stringify(files.host),
    visitor: JSON.stringify(files.visitor),
  };
  for (const [owner, text] of Object.entries(texts)) {
    for (const [other, { email }] of Object.entries(profiles)) {
      if (other === owner) expect(text).toContain(email);
      else expect(text).not.toContain(email);
    }
    expect(text).not.toContain(REFERENCE);
    // The contact details of the visitor: their booking is not confirmed.
    expect(text).not.toMatch(/470 12|eve@example/);
    expect(text).not.toMatch(/[hH]ash|[sS]ealed|"token/);
  }
  expect(files.host.bookings.messages).toContainEqual(
    expect.objectContaining({ senderId: profiles.visitor.id, hidden: expect.arrayContaining(['mail']) }),
  );
  expect(texts.host).not.toContain(SECRET_REVIEW);
  expect(texts.visitor).not.toContain(profiles.guest.id);
  expect(texts.guest).not.toContain(profiles.visitor.id);
  expect(texts.guest).not.toContain('Teststraat');
});

test('an export of another user is not found', async () => {
  const [own] = await operator.query<{ id: string }>(
    'identity',
    'SELECT id FROM export_request WHERE user_id = $1',
    [profiles.guest.id],
  );
  for (const path of [`/v1/me/exports/${own?.id}`, `/v1/me/exports/${own?.id}/file`])
    expectProblem(await market.host.get(path), 404, 'export.not_found');
});

test('the erasure of the account deletes the export in every service', async () => {
  const rows = (service: string) =>
    operator.query(service, 'SELECT FROM account_export WHERE user_id = $1', [profiles.visitor.id]);
  for (const service of STATEFUL_SERVICES) expect(await rows(service)).toHaveLength(1);
  expect((await visitor.delete('/v1/me')).status).toBe(202);
  for (const service of STATEFUL_SERVICES)
    await eventually(async () => expect(await rows(service)).toEqual([]), TIMEOUT);
  expectProblem(await visitor.post('/v1/me/exports'), 401, 'auth.invalid_token');
});
