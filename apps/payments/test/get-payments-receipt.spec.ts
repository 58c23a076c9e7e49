import { randomUUID } from 'node:crypto';
import { eventually, expectProblem, testUser, type TestUser } from '@roost/testing';
import { aChange, LONGER, type PaymentsUnderTest, startPayments } from './payments.fixture.js';

let payments: PaymentsUnderTest;
beforeAll(async () => {
  payments = await startPayments();
});
afterAll(() => payments.close());

interface ReceiptBody extends Record<string, unknown> {
  number: string;
  amountMinor: number;
  creditedMinor: number;
  guestName: string | null;
  lines: { kind: string; label: string; amountMinor: number }[];
  creditNotes: { number: string; amountMinor: number; lines: { label: string }[] }[];
}

const JSON_ONLY = { accept: 'application/json' };
const path = (paymentId: string) => `/v1/payments/${paymentId}/receipt`;
const readJson = (user: TestUser, paymentId: string) =>
  payments.service.as(user).get<ReceiptBody>(path(paymentId), JSON_ONLY);
const readPage = (user: TestUser, paymentId: string, headers: Record<string, string> = {}) =>
  payments.service.as(user).get<string>(path(paymentId), { accept: 'text/html', ...headers });

const named = (userId: string, displayName: string, version = 1) =>
  payments.service.deliver(
    'user.profile-changed',
    { userId, displayName, locale: 'en', roles: ['guest'], emailVerified: true, status: 'active' },
    { version },
  );

async function refund(paymentId: string, amountMinor: number) {
  const response = await payments.service
    .as(payments.admin)
    .post(`/v1/admin/payments/${paymentId}/refunds`, { amountMinor, reason: 'A broken heater' });
  expect(response.status).toBe(201);
}

describe('200', () => {
  test('JSON: the lines as booked, and the same for guest, host and admin', async () => {
    const [guest, host] = [testUser(), testUser({ roles: ['host'] })];
    await named(guest.id, 'Ada');
    await named(host.id, 'Grace');
    const { payment, booking } = await payments.givenCaptured(guest, { host });
    const { status, body, headers } = await readJson(guest, payment.id);
    expect(status).toBe(200);
    expect(headers.get('vary')).toContain('accept');
    expect(body).toMatchObject({
      number: expect.stringMatching(/^DEV-\d{6,}$/) as string,
      paymentId: payment.id,
      bookingId: booking.bookingId,
      seller: { name: 'Roost Development', countryCode: 'US', taxId: null },
      guestName: 'Ada',
      hostName: 'Grace',
      checkInDate: '2030-05-10',
      checkOutDate: '2030-05-12',
      currency: 'USD',
      amountMinor: 27_280,
      creditedMinor: 0,
      creditNotes: [],
      lines: booking.lines,
      url: path(payment.id),
    });
    expect((await readJson(host, payment.id)).body).toEqual(body);
    expect((await readJson(payments.admin, payment.id)).body).toEqual(body);
  });

  test('has the credit notes of paid refunds: receipts minus credit notes are captured minus refunded', async () => {
    const guest = testUser();
    const { payment } = await payments.givenCaptured(guest);
    await refund(payment.id, 1_000);
    await refund(payment.id, 280);
    await eventually(async () => {
      const { body } = await readJson(guest, payment.id);
      expect(body.creditedMinor).toBe(1_280);
      expect(body.creditNotes.map(({ amountMinor }) => amountMinor).toSorted((a, b) => a - b)).toEqual([
        280, 1_000,
      ]);
      expect(body.creditNotes[0]?.lines[0]?.label).toBe('Refund by customer support');
    });
    const read = await payments.service
      .as(guest)
      .get<{ capturedMinor: number; refundedMinor: number }>(`/v1/payments/${payment.id}`);
    const { body } = await readJson(guest, payment.id);
    expect(body.amountMinor - body.creditedMinor).toBe(read.body.capturedMinor - read.body.refundedMinor);
  });

  test('the payment of a change has a receipt of its own', async () => {
    const guest = testUser();
    const { booking } = await payments.givenConfirmed(guest);
    const change = aChange(booking, LONGER);
    const payment = await payments.givenChangePayment(guest, change);
    await payments.confirm(guest, payment.id);
    const { body } = await readJson(guest, payment.id);
    expect(body).toMatchObject({
      amountMinor: 12_400,
      checkOutDate: '2030-05-13',
      lines: [{ kind: 'change', label: 'Change of the stay', amountMinor: 12_400 }],
    });
  });

  test('stays as it was when the listing and the names change; an erased user has no name', async () => {
    const guest = testUser();
    const listingId = randomUUID();
    await named(guest.id, 'Ada');
    await payments.service.query(
      `INSERT INTO listing_name (listing_id, version, title) VALUES ($1, 1, 'A house by the sea')`,
      [listingId],
    );
    const { payment } = await payments.givenCaptured(guest, { listingId });
    await payments.service.query(`UPDATE listing_name SET title = 'Renamed' WHERE listing_id = $1`, [
      listingId,
    ]);
    const before = (await readJson(guest, payment.id)).body;
    expect(before).toMatchObject({ listingTitle: 'A house by the sea', guestName: 'Ada' });
    await payments.service.deliver(
      'user.erased',
      {
        userId: guest.id,
        displayName: 'Ada',
        locale: 'en',
        roles: ['guest'],
        emailVerified: false,
        status: 'erased',
      },
      { version: 2 },
    );
    expect((await readJson(payments.admin, payment.id)).body).toEqual({ ...before, guestName: null });
    expect((await readPage(payments.admin, payment.id)).body).toContain('Not available');
    expect(await payments.service.query(`SELECT FROM paper WHERE paper::text LIKE '%Ada%'`)).toEqual([]);
  });

  test.each([
    ['USD', 27_280, '$272.80'],
    ['JPY', 27_280, '¥27,280'],
    ['KWD', 27_280, 'KWD 27.280'],
    ['EUR', 27_280, '€272.80'],
  ])('formats %s', async (currency, amountMinor, text) => {
    const guest = testUser();
    const { payment } = await payments.givenCaptured(guest, { currency });
    expect((await readJson(guest, payment.id)).body.amountMinor).toBe(amountMinor);
    expect((await readPage(guest, payment.id)).body.replaceAll('\u00a0', ' ')).toContain(text);
  });

  test('HTML by default, without scripts, with a policy that allows only its own style, and escaped', async () => {
    const guest = testUser();
    const label = '<script>alert(1)</script> & "tax"';
    await named(guest.id, '<img src=x onerror=alert(1)>');
    const { payment, booking } = await payments.givenPayment({
      guest,
      lines: [
        { kind: 'night', date: '2030-05-10', label: 'Night', amountMinor: 25_080 },
        { kind: 'tax', date: null, label, amountMinor: 2_200 },
      ],
    });
    await payments.confirm(guest, payment.id);
    const { status, body, headers } = await payments.service.as(guest).get<string>(path(payment.id));
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-[^']+'$/,
    );
    expect(headers.get('cache-control')).toBe('private, no-cache');
    expect(body).toContain('&#60;script&#62;alert(1)&#60;/script&#62; &#38; &#34;tax&#34;');
    expect(body).not.toMatch(/<script|<img/);
    expect(body).toContain(booking.bookingId);
  });

  test('formats dates for the English locale of the reader', async () => {
    const guest = testUser();
    const { payment } = await payments.givenCaptured(guest);
    const dateIn = async (language: string) =>
      /Dates<\/dt><dd>([^,<]*,? ?\d{4}) to/.exec(
        (await readPage(guest, payment.id, { 'accept-language': language })).body,
      )?.[1];
    expect(await dateIn('de, en-GB;q=0.8')).toBe('10 May 2030');
    expect(await dateIn('de')).toBe('May 10, 2030');
    expect(await dateIn('en-ZZ, *;q=0.1')).toMatch(/2030/);
  });

  test('304 for the current ETag of the same representation', async () => {
    const guest = testUser();
    const { payment } = await payments.givenCaptured(guest);
    const page = await readPage(guest, payment.id);
    const tag = { 'if-none-match': page.headers.get('etag') ?? '' };
    expect((await readPage(guest, payment.id, tag)).status).toBe(304);
    expect((await payments.service.as(guest).get(path(payment.id), { ...JSON_ONLY, ...tag })).status).toBe(
      200,
    );
  });
});

describe('400, 401 and 404', () => {
  test('404 before the capture, for another user and for an unknown payment', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    expectProblem(await readJson(guest, payment.id), 404, 'receipt.not_found');
    await payments.confirm(guest, payment.id);
    expect((await readJson(guest, payment.id)).status).toBe(200);
    const stranger = testUser({ roles: ['host'] });
    expectProblem(await readJson(stranger, payment.id), 404, 'payment.not_found');
    expectProblem(await readPage(stranger, payment.id), 404, 'payment.not_found');
    expectProblem(await readJson(guest, randomUUID()), 404, 'payment.not_found');
  });

  test('400 for an invalid id, 401 without a token', async () => {
    expectProblem(await readJson(testUser(), '1'), 400, 'request.invalid');
    expectProblem(await payments.service.anonymous.get(path(randomUUID())), 401, 'auth.missing_token');
  });
});

describe('GraphQL', () => {
  const OF_BOOKINGS = `query ($of: [_Any!]!) {
    _entities(representations: $of) { ... on Booking { receipts { number paymentId amountMinor } payment { receipt { number } } } }
  }`;
  interface Entities {
    _entities: {
      receipts: { number: string; paymentId: string; amountMinor: number }[] | null;
      payment: { receipt: { number: string } | null } | null;
    }[];
  }

  test('Booking.receipts and Payment.receipt return receipts to the parties only', async () => {
    const [guest, host] = [testUser(), testUser({ roles: ['host'] })];
    const { payment, booking } = await payments.givenCaptured(guest, { host });
    const unpaid = await payments.givenPayment({ guest, host });
    const of = [booking, unpaid.booking].map(({ bookingId }) => ({ __typename: 'Booking', id: bookingId }));
    const read = async (client: ReturnType<typeof payments.service.as>) =>
      (await client.graphql<Entities>(OF_BOOKINGS, { of })).data?._entities;
    const { number } = (await readJson(guest, payment.id)).body;
    const receipts = [{ number, paymentId: payment.id, amountMinor: 27_280 }];
    expect(await read(payments.service.as(guest))).toEqual([
      { receipts, payment: { receipt: { number } } },
      { receipts: [], payment: { receipt: null } },
    ]);
    expect(await read(payments.service.as(host))).toMatchObject([{ receipts }, { receipts: [] }]);
    expect(await read(payments.service.as(testUser()))).toMatchObject([{ receipts: [] }, { receipts: [] }]);
    expect(await read(payments.service.anonymous)).toMatchObject([{ receipts: null }, { receipts: null }]);
  });
});
