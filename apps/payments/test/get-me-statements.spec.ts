import { randomUUID } from 'node:crypto';
import { eventually, expectProblem, testUser, type TestUser } from '@roost/testing';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { postHostEntry } from './host-entry.fixture.js';
import { aChange, LONGER, type PaymentsUnderTest, startPayments } from './payments.fixture.js';

/** The specs run in June 2030. */
const LATER = '2030-12-31T00:00:00.000Z';

let payments: PaymentsUnderTest;
beforeAll(async () => {
  payments = await startPayments();
});
beforeEach(() => payments.service.clock.set('2030-06-15T12:00:00Z'));
afterAll(async () => {
  await payments.service.clock.reset();
  await payments.close();
});

interface Entry {
  kind: string;
  bookingId: string | null;
  listingTitle: string | null;
  grossMinor: number | null;
  hostFeeMinor: number | null;
  taxMinor: number | null;
  amountMinor: number;
}
interface CurrencyStatement {
  currency: string;
  openingMinor: number;
  earningsMinor: number;
  closingMinor: number;
  entries: Entry[];
}
interface Statement extends Record<string, unknown> {
  final: boolean;
  statements: CurrencyStatement[];
}
interface Months extends Record<string, unknown> {
  data: { month: string; currency: string; openingMinor: number; closingMinor: number; entries: number }[];
}

const read = async (host: TestUser, month: string, query = '') => {
  const { status, body } = await payments.service
    .as(host)
    .get<Statement>(`/v1/me/statements/${month}${query}`);
  expect(status).toBe(200);
  return body;
};
const readCsv = (host: TestUser, month: string) =>
  payments.service.as(host).get<string>(`/v1/me/statements/${month}`, { accept: 'text/csv' });
const readMonths = async (host: TestUser) =>
  (await payments.service.as(host).get<Months>('/v1/me/statements')).body.data;

const post = (host: TestUser, key: string, amountMinor: number, at: string, currency = 'USD') =>
  postHostEntry(payments.service, { hostId: host.id, key, amountMinor, at: new Date(at), currency });

const aHost = () => testUser({ roles: ['host'] });

describe('200 GET /v1/me/statements/{month}', () => {
  test('has opening balance, entries and closing balance, and each month opens as the one before closed', async () => {
    const host = aHost();
    const payout = randomUUID();
    await post(host, `capture:${randomUUID()}`, 10_000, '2030-03-31T23:59:59.999Z');
    await post(host, `capture:${randomUUID()}`, 20_000, '2030-04-01T00:00:00Z');
    await post(host, `refund:${randomUUID()}`, -3_000, '2030-04-10T00:00:00Z');
    await post(host, `penalty:${randomUUID()}`, -1_000, '2030-04-11T00:00:00Z');
    await post(host, `dispute:${randomUUID()}:lost`, -500, '2030-04-12T00:00:00Z');
    await post(host, `payout:${payout}`, -9_000, '2030-04-13T00:00:00Z');
    await post(host, `payout:${payout}:failed`, 9_000, '2030-04-14T00:00:00Z');
    await post(host, `correction:${randomUUID()}`, 1, '2030-04-30T23:59:59.999Z');
    await post(host, `payout:${randomUUID()}`, -25_501, '2030-05-01T00:00:00Z');
    expect(await read(host, '2030-04')).toMatchObject({
      month: '2030-04',
      from: '2030-04-01T00:00:00.000Z',
      to: '2030-05-01T00:00:00.000Z',
      final: true,
      statements: [
        {
          currency: 'USD',
          openingMinor: 10_000,
          earningsMinor: 20_000,
          refundsMinor: -3_000,
          penaltiesMinor: -1_000,
          clawBacksMinor: -500,
          payoutsMinor: 0,
          adjustmentsMinor: 1,
          closingMinor: 25_501,
          entries: [
            { kind: 'earning', amountMinor: 20_000 },
            { kind: 'refund', amountMinor: -3_000 },
            { kind: 'penalty', amountMinor: -1_000 },
            { kind: 'claw_back', amountMinor: -500 },
            { kind: 'payout', amountMinor: -9_000, reversal: false },
            { kind: 'payout', amountMinor: 9_000, reversal: true, sourceId: payout },
            { kind: 'adjustment', amountMinor: 1 },
          ],
        },
      ],
    });
    const may = await read(host, '2030-05');
    expect(may.statements).toMatchObject([{ openingMinor: 25_501, closingMinor: 0 }]);
    expect((await read(host, '2030-06')).statements).toEqual([]);
    expect((await read(host, '2030-02')).statements).toEqual([]);
    expect(await readMonths(host)).toEqual([
      { month: '2030-05', currency: 'USD', openingMinor: 25_501, closingMinor: 0, entries: 1 },
      { month: '2030-04', currency: 'USD', openingMinor: 10_000, closingMinor: 25_501, entries: 7 },
      { month: '2030-03', currency: 'USD', openingMinor: 0, closingMinor: 10_000, entries: 1 },
    ]);
  });

  test('an earning has its gross price, host fee and taxes; those of a change are unknown', async () => {
    const [guest, host] = [testUser(), aHost()];
    const listingId = randomUUID();
    await payments.service.query(
      `INSERT INTO listing_name (listing_id, version, title) VALUES ($1, 1, '=cmd|"/C calc"!A1')`,
      [listingId],
    );
    const { booking } = await payments.givenConfirmed(guest, { host, listingId, holdExpiresAt: LATER });
    const change = aChange(booking, LONGER, { expiresAt: LATER });
    const difference = await payments.givenChangePayment(guest, change);
    expect((await payments.confirm(guest, difference.id)).body.status).toBe('captured');
    const { final, statements } = await read(host, '2030-06');
    expect(final).toBe(false);
    const known = { kind: 'earning', bookingId: booking.bookingId, listingTitle: '=cmd|"/C calc"!A1' };
    expect(statements).toMatchObject([
      {
        earningsMinor: 31_040,
        closingMinor: 31_040,
        entries: [
          { ...known, grossMinor: 22_000, hostFeeMinor: 660, taxMinor: 2_200, amountMinor: 21_340 },
          { ...known, grossMinor: null, hostFeeMinor: null, taxMinor: 1_000, amountMinor: 9_700 },
        ],
      },
    ]);
    const csv = await readCsv(host, '2030-06');
    expect(csv.body).toContain(`"'=cmd|""/C calc""!A1"`);
  });

  test('is grouped by currency, or has one of them', async () => {
    const host = aHost();
    await post(host, `capture:${randomUUID()}`, 1_234, '2030-05-02T00:00:00Z', 'USD');
    await post(host, `capture:${randomUUID()}`, 1_234, '2030-05-02T00:00:00Z', 'JPY');
    await post(host, `capture:${randomUUID()}`, 1_234, '2030-05-02T00:00:00Z', 'KWD');
    const { statements } = await read(host, '2030-05');
    expect(statements.map(({ currency, closingMinor }) => [currency, closingMinor])).toEqual([
      ['JPY', 1_234],
      ['KWD', 1_234],
      ['USD', 1_234],
    ]);
    const one = await read(host, '2030-05', '?currency=JPY');
    expect(one.statements.map(({ currency }) => currency)).toEqual(['JPY']);
    const csv = (await readCsv(host, '2030-05')).body;
    for (const amount of ['JPY,,,,1234,1234', 'KWD,,,,1.234,1.234', 'USD,,,,12.34,12.34'])
      expect(csv).toContain(amount);
  });

  test('CSV: RFC 4180 in UTF-8 with a header row, and a balance after each entry', async () => {
    const host = aHost();
    await post(host, `capture:${randomUUID()}`, 5, '2030-04-02T00:00:00Z');
    await post(host, `payout:${randomUUID()}`, -12_350, '2030-05-02T00:00:00Z');
    const { status, body, headers } = await readCsv(host, '2030-05');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(headers.get('content-disposition')).toBe('attachment; filename="statement-2030-05.csv"');
    expect(headers.get('vary')).toContain('accept');
    expect(body.split('\r\n')[0]).toBe(
      'occurred_at,kind,reversal,booking_id,listing,source_id,currency,gross,host_fee,taxes_remitted,amount,balance',
    );
    expect(body.endsWith('\r\n')).toBe(true);
    const rows: Record<string, string>[] = parse(body, { columns: true });
    expect(
      rows.map(({ occurred_at, kind, amount, balance }) => [occurred_at, kind, amount, balance]),
    ).toEqual([
      ['2030-05-01T00:00:00.000Z', 'opening_balance', '', '0.05'],
      ['2030-05-02T00:00:00.000Z', 'payout', '-123.50', '-123.45'],
      ['2030-06-01T00:00:00.000Z', 'closing_balance', '', '-123.45'],
    ]);
    const empty = await readCsv(aHost(), '2030-05');
    expect(empty.body.split('\r\n')).toHaveLength(2);
  });

  test('for any movements, a month closes at what the next one opens with, and the last at the balance of the ledger', async () => {
    const month = fc.integer({ min: 1, max: 6 });
    const movement = fc.record({
      month,
      day: fc.integer({ min: 1, max: 14 }),
      amountMinor: fc.integer({ min: -50_000, max: 50_000 }).filter((amount) => amount !== 0),
      currency: fc.constantFrom('USD', 'JPY'),
      key: fc.constantFrom('capture', 'refund', 'penalty', 'payout', 'dispute', 'change', 'unknown'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(movement, { minLength: 1, maxLength: 12 }), async (movements) => {
        const host = aHost();
        for (const { key, amountMinor, month: of, day, currency } of movements) {
          const at = `2030-0${of}-${String(day).padStart(2, '0')}T10:00:00Z`;
          await post(host, `${key}:${randomUUID()}`, amountMinor, at, currency);
        }
        const months = await readMonths(host);
        for (const currency of ['USD', 'JPY']) {
          let closing = 0;
          for (let each = 1; each <= 6; each++) {
            const own = movements.filter((one) => one.currency === currency && one.month === each);
            const { statements } = await read(host, `2030-0${each}`, `?currency=${currency}`);
            const statement = statements[0] ?? { openingMinor: 0, closingMinor: 0, entries: [] };
            expect(statement.openingMinor).toBe(closing);
            closing += own.reduce((total, { amountMinor }) => total + amountMinor, 0);
            expect(statement.closingMinor).toBe(closing);
            expect(statement.entries).toHaveLength(own.length);
            const listed = months.find((one) => one.currency === currency && one.month === `2030-0${each}`);
            expect(listed?.closingMinor ?? null).toBe(own.length > 0 ? closing : null);
          }
        }
      }),
      { numRuns: 8 },
    );
  });

  test('sums agree with the books after real payments', async () => {
    const [guest, host] = [testUser(), aHost()];
    const { payment } = await payments.givenCaptured(guest, { host, holdExpiresAt: LATER });
    await payments.service.as(payments.admin).post(`/v1/admin/payments/${payment.id}/refunds`, {
      ...{ amountMinor: 1_280, reason: 'A broken heater' },
    });
    await eventually(async () => {
      const { statements } = await read(host, '2030-06');
      const [row] = await payments.service.query<{ balance: number }>(
        `SELECT host_minor - (SELECT sum(host_minor) FROM refund WHERE payment_id = $1) AS balance FROM payment WHERE id = $1`,
        [payment.id],
      );
      expect(statements[0]?.closingMinor).toBe(Number(row?.balance));
    });
  });
});

describe('400, 401 and 422', () => {
  test.each(['2030-13', '2030-00', '2030-6', '203006', '2030-06-01', '1999-12', 'x', '%00'])(
    '400: %s is no month',
    async (month) => {
      const response = await payments.service.as(aHost()).get(`/v1/me/statements/${month}`);
      expectProblem(response, 400, 'request.invalid');
    },
  );

  test('400: a future month, an unknown parameter and an unknown currency', async () => {
    const client = payments.service.as(aHost());
    const get = (path: string) => client.get(`/v1/me/statements/${path}`);
    expectProblem(await get('2030-07'), 400, 'request.invalid', 'month');
    expect((await get('2030-06')).status).toBe(200);
    expectProblem(await get('2030-06?currency=XXX'), 400, 'request.invalid', 'currency');
    expectProblem(await get('2030-06?hostId=1'), 400, 'request.invalid', 'hostId');
  });

  test('401 without a token', async () => {
    for (const path of ['/v1/me/statements', '/v1/me/statements/2030-05'])
      expectProblem(await payments.service.anonymous.get(path), 401, 'auth.missing_token');
  });

  test('422: more entries than a statement may have, which the list of transactions pages through', async () => {
    const host = aHost();
    await post(host, `capture:${randomUUID()}`, 1, '2030-05-02T00:00:00Z');
    await payments.service.query(
      `INSERT INTO movement (key, leg, debit_id, credit_id, currency, amount_minor, occurred_at)
       SELECT 'capture:' || gen_random_uuid(), 1, m.debit_id, m.credit_id, 'USD', 1, '2030-05-02T00:00:00Z'
       FROM movement m JOIN ledger_account a ON a.id = m.credit_id AND a.owner_id = $1, generate_series(1, 10000)`,
      [host.id],
    );
    const response = await payments.service.as(host).get('/v1/me/statements/2030-05');
    expectProblem(response, 422, 'statement.too_large');
    expect(response.body).toMatchObject({ maximum: 10_000 });
    expect(response.body.detail).toContain('GET /v1/me/transactions');
  });
});

test('GraphQL returns the same months and statements', async () => {
  const host = aHost();
  await post(host, `capture:${randomUUID()}`, 700, '2030-05-02T00:00:00Z');
  const { data, errors } = await payments.service.as(host).graphql(
    `{ myStatements { month currency closingMinor }
       myStatement(month: "2030-05", currency: "USD") { final statements { currency closingMinor entries { kind amountMinor } } } }`,
  );
  expect(errors).toEqual([]);
  expect(data).toEqual({
    myStatements: [{ month: '2030-05', currency: 'USD', closingMinor: 700 }],
    myStatement: {
      final: true,
      statements: [{ currency: 'USD', closingMinor: 700, entries: [{ kind: 'earning', amountMinor: 700 }] }],
    },
  });
  const future = await payments.service.as(host).graphql(`{ myStatement(month: "2030-07") { final } }`);
  expect(future.errors).toMatchObject([{ extensions: { code: 'request.invalid', status: 400 } }]);
});
