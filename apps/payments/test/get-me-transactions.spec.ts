import { randomUUID } from 'node:crypto';
import { eventually, expectProblem, testUser, type TestUser } from '@roost/testing';
import { cancelled } from './booking-endings.fixture.js';
import { postHostEntry } from './host-entry.fixture.js';
import { aChange, type PaymentsUnderTest, SHORTER, startPayments } from './payments.fixture.js';

let payments: PaymentsUnderTest;
beforeAll(async () => {
  payments = await startPayments();
});
afterAll(() => payments.close());

interface Transaction {
  id: string;
  kind: string;
  amountMinor: number;
  currency: string;
  occurredAt: string;
  reversal: boolean;
  bookingId: string | null;
  paymentId: string | null;
  sourceId: string;
}

const list = (user: TestUser, query = '') =>
  payments.service
    .as(user)
    .get<{ data: Transaction[]; nextCursor: string | null }>(`/v1/me/transactions${query}`);

const kindsOf = async (user: TestUser, query: string) => {
  const { status, body } = await list(user, query);
  expect(status).toBe(200);
  return body.data.map(({ kind, amountMinor }) => [kind, amountMinor]);
};

/** Posts to the ledger as the payouts and disputes of a host do. */
const post = (host: TestUser, key: string, amountMinor: number, at = new Date()) =>
  postHostEntry(payments.service, { hostId: host.id, key, amountMinor, at });

describe('200', () => {
  test('a guest sees charges and refunds, signed, newest first', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    await payments.service.as(payments.admin).post(`/v1/admin/payments/${payment.id}/refunds`, {
      ...{ amountMinor: 1_280, reason: 'A broken heater' },
    });
    await eventually(async () =>
      expect(await kindsOf(guest, '')).toEqual([
        ['refund', 1_280],
        ['charge', -27_280],
      ]),
    );
    const { body } = await list(guest, '?role=guest');
    expect(body.data[1]).toEqual({
      id: `capture:${payment.id}/1`,
      kind: 'charge',
      amountMinor: -27_280,
      currency: 'USD',
      occurredAt: expect.any(String) as string,
      reversal: false,
      bookingId: booking.bookingId,
      paymentId: payment.id,
      sourceId: payment.id,
    });
    expect((await list(testUser())).body).toEqual({ data: [], nextCursor: null });
  });

  test('a host sees earnings, refunds, penalties, claw-backs and payouts', async () => {
    const [guest, host] = [testUser(), testUser({ roles: ['host'] })];
    const { booking } = await payments.givenConfirmed(guest, { host });
    await payments.service.deliver(
      ...cancelled(booking, 27_280, {
        ...{ by: 'host', hostPenaltyMinor: 5_000 },
        ...{ hostPayoutMinor: 0, platformFeeMinor: 0, taxMinor: 0 },
      }),
    );
    const [dispute, payout] = [randomUUID(), randomUUID()];
    await post(host, `dispute:${dispute}:lost`, -700);
    await post(host, `payout:${payout}`, -100);
    await post(host, `payout:${payout}:failed`, 100);
    await eventually(async () =>
      expect((await kindsOf(host, '?role=host')).toSorted()).toEqual(
        [
          ['earning', 21_340],
          ['refund', -21_340],
          ['penalty', -5_000],
          ['claw_back', -700],
          ['payout', -100],
          ['payout', 100],
        ].toSorted(),
      ),
    );
    const { body } = await list(host, '?role=host&kind=payout');
    expect(body.data.map(({ reversal, sourceId }) => [reversal, sourceId])).toEqual([
      [true, payout],
      [false, payout],
    ]);
    // The balance of the account in the ledger.
    const all = await list(host, '?role=host');
    const [row] = await payments.service.query<{ balance: number }>(
      `SELECT sum(CASE WHEN m.credit_id = a.id THEN m.amount_minor ELSE -m.amount_minor END)::float8 AS balance
       FROM ledger_account a JOIN movement m ON a.id IN (m.debit_id, m.credit_id) WHERE a.owner_id = $1 AND a.code = 'host_payable'`,
      [host.id],
    );
    expect(all.body.data.reduce((total, each) => total + each.amountMinor, 0)).toBe(row?.balance);
    // As a guest, this user has none.
    expect(await kindsOf(host, '?role=guest')).toEqual([]);
  });

  test('a shorter stay is a refund', async () => {
    const [guest, host] = [testUser(), testUser({ roles: ['host'] })];
    const { booking } = await payments.givenConfirmed(guest, { host });
    await payments.applied(aChange(booking, SHORTER));
    await eventually(async () =>
      expect(await kindsOf(guest, '')).toEqual([
        ['refund', 12_400],
        ['charge', -27_280],
      ]),
    );
    expect(await kindsOf(host, '?role=host')).toEqual([
      ['refund', -9_700],
      ['earning', 21_340],
    ]);
  });

  test('filters by kind, booking, currency and dates, and unknown movements are adjustments', async () => {
    const host = testUser({ roles: ['host'] });
    const usd = await payments.givenCaptured(testUser(), { host });
    const jpy = await payments.givenCaptured(testUser(), { host, currency: 'JPY' });
    await post(host, 'correction:1', -1, new Date('2030-01-31T23:59:59.999Z'));
    await post(host, 'correction:2', -2, new Date('2030-02-01T00:00:00Z'));
    await post(host, 'correction:3', -3, new Date('2030-03-01T00:00:00Z'));
    const amounts = async (query: string) =>
      (await kindsOf(host, `?role=host&${query}`)).map(([, each]) => each);
    expect(await amounts('kind=adjustment')).toEqual([-3, -2, -1]);
    expect(await amounts('kind=earning')).toEqual([21_340, 21_340]);
    expect(await amounts('kind=charge')).toEqual([]);
    expect(await amounts('currency=JPY')).toEqual([21_340]);
    expect(await amounts(`bookingId=${usd.booking.bookingId}`)).toEqual([21_340]);
    expect(await amounts(`bookingId=${usd.booking.bookingId}&currency=JPY`)).toEqual([]);
    expect(await amounts('from=2030-02-01&to=2030-03-01')).toEqual([-2]);
    expect(await amounts('from=2030-02-01')).toEqual([-3, -2]);
    expect(await amounts('to=2030-02-01&kind=adjustment')).toEqual([-1]);
    const { body } = await list(host, `?role=host&bookingId=${jpy.booking.bookingId}`);
    expect(body.data[0]).toMatchObject({ currency: 'JPY', kind: 'earning' });
  });

  test('pages return each transaction once and in one order, also at one instant', async () => {
    const host = testUser({ roles: ['host'] });
    const at = new Date('2030-02-01T00:00:00Z');
    const keys = Array.from({ length: 7 }, (_, n) => `correction:${host.id}:${n}`);
    for (const [n, key] of keys.entries()) await post(host, key, n % 2 === 0 ? 5 : -5, at);
    const whole = (await list(host, '?role=host')).body.data.map(({ id }) => id);
    expect(whole).toEqual(keys.map((key) => `${key}/1`).toReversed());
    const paged: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body }: Awaited<ReturnType<typeof list>> = await list(
        host,
        `?role=host&limit=2${cursor && `&cursor=${cursor}`}`,
      );
      paged.push(...body.data.map(({ id }) => id));
      cursor = body.nextCursor;
    }
    expect(paged).toEqual(whole);
  });
});

describe('400 and 401', () => {
  test.each([
    ['role=admin', 'role'],
    ['kind=tip', 'kind'],
    ['currency=usd', 'currency'],
    ['currency=EUX', 'currency'],
    ['bookingId=1', 'bookingId'],
    ['from=2030-02-30', 'from'],
    ['from=0000-01-01', 'from'],
    ['from=2030-02-01&to=2030-02-01', 'to'],
    ['cursor=x', 'cursor'],
    [`cursor=${Buffer.from('["0000-01-01T00:00:00Z",1]').toString('base64url')}`, 'cursor'],
    ['limit=0', 'limit'],
    ['userId=x', 'userId'],
  ])('400: %s', async (query, parameter) => {
    expectProblem(await list(testUser(), `?${query}`), 400, 'request.invalid', parameter);
  });

  test('401 without a token', async () => {
    expectProblem(await payments.service.anonymous.get('/v1/me/transactions'), 401, 'auth.missing_token');
  });
});

test('Query.myTransactions is the same list as a connection', async () => {
  const [guest, host] = [testUser(), testUser({ roles: ['host'] })];
  await payments.givenCaptured(guest, { host });
  await payments.givenCaptured(guest, { host });
  const query = `query ($after: String) {
    myTransactions(role: host, kind: earning, first: 1, after: $after) {
      edges { cursor node { id kind amountMinor } } pageInfo { hasNextPage endCursor }
    }
  }`;
  interface Result {
    myTransactions: {
      edges: { node: { id: string } }[];
      pageInfo: { hasNextPage: boolean; endCursor: string | null };
    };
  }
  const read = async (after?: string | null) => {
    const { data, errors } = await payments.service.as(host).graphql<Result>(query, { after });
    expect(errors).toEqual([]);
    return data?.myTransactions;
  };
  const first = await read();
  const second = await read(first?.pageInfo.endCursor);
  const ids = [first, second].flatMap((page) => page?.edges.map(({ node }) => node.id));
  expect(ids).toEqual((await list(host, '?role=host')).body.data.map(({ id }) => id));
  expect(second?.pageInfo.hasNextPage).toBe(false);
});
