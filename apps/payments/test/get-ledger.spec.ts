import { testUser, eventually, expectProblem } from '@roost/testing';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

interface Account {
  code: string;
  ownerId: string | null;
  currency: string;
  debitMinor: number;
  creditMinor: number;
  balanceMinor: number;
}
interface Transaction {
  key: string;
  bookingId: string;
  currency: string;
  movements: { debit: { code: string }; credit: { code: string }; amountMinor: number }[];
}
interface PageOf<T> extends Record<string, unknown> {
  data: T[];
  nextCursor: string | null;
}

describe('the ledger', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  async function all<T>(path: string): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = `limit=3${cursor ? `&cursor=${cursor}` : ''}`;
      const response = await payments.service
        .as(payments.admin)
        .get<PageOf<T>>(`${path}${path.includes('?') ? '&' : '?'}${query}`);
      expect(response.status).toBe(200);
      items.push(...response.body.data);
      cursor = response.body.nextCursor;
    }
    return items;
  }

  test('GET /v1/admin/ledger/accounts: the balances of a currency add up to zero', async () => {
    for (const currency of ['USD', 'JPY', 'USD']) await payments.givenCaptured(testUser(), { currency });
    const accounts = await all<Account>('/v1/admin/ledger/accounts');
    for (const currency of ['USD', 'JPY']) {
      const own = accounts.filter((account) => account.currency === currency);
      expect(own.reduce((total, account) => total + account.balanceMinor, 0)).toBe(0);
      expect(own.find((account) => account.code === 'provider_clearing')?.balanceMinor).toBeGreaterThan(0);
    }
    for (const account of accounts) {
      expect(account.balanceMinor).toBe(account.debitMinor - account.creditMinor);
    }
    expect(new Set(accounts.map((entry) => `${entry.code}/${entry.ownerId}/${entry.currency}`)).size).toBe(
      accounts.length,
    );
  });

  test('GET /v1/admin/ledger/transactions: returns each transaction once, newest first', async () => {
    const { booking } = await payments.givenCaptured(testUser(), { currency: 'KWD' });
    const transactions = await all<Transaction>('/v1/admin/ledger/transactions');
    expect(new Set(transactions.map((entry) => entry.key)).size).toBe(transactions.length);
    expect(transactions[0]).toMatchObject({ bookingId: booking.bookingId, currency: 'KWD' });
    const own = await all<Transaction>(`/v1/admin/ledger/transactions?bookingId=${booking.bookingId}`);
    expect(own).toHaveLength(1);
    expect(
      own[0]?.movements.map((entry) => [entry.debit.code, entry.credit.code, entry.amountMinor]),
    ).toEqual([
      ['provider_clearing', 'guest', 27_280],
      ['guest', 'host_payable', 21_340],
      ['guest', 'platform_revenue', 3_740],
      ['guest', 'tax_payable', 2_200],
    ]);
  });

  test.each([
    'UPDATE movement SET amount_minor = amount_minor + 1',
    'UPDATE movement SET currency = currency',
    'DELETE FROM movement',
    'TRUNCATE movement',
    'UPDATE ledger_account SET owner_id = NULL',
    'DELETE FROM ledger_account',
    'TRUNCATE ledger_account CASCADE',
  ])('the database rejects: %s', async (statement) => {
    await payments.givenCaptured(testUser());
    const count = () => payments.service.query('SELECT count(*), sum(amount_minor) FROM movement');
    const before = await count();
    await expect(payments.service.query(statement)).rejects.toThrow('append-only');
    expect(await count()).toEqual(before);
  });

  test.each([
    [
      'zero',
      `SELECT 'x', 1, min(id), max(id), min(currency), 0, now() FROM ledger_account WHERE currency = 'USD'`,
    ],
    [
      'a negative amount',
      `SELECT 'x', 1, min(id), max(id), min(currency), -1, now() FROM ledger_account WHERE currency = 'USD'`,
    ],
    [
      'one account on both sides',
      `SELECT 'x', 1, min(id), min(id), min(currency), 1, now() FROM ledger_account WHERE currency = 'USD'`,
    ],
    [
      'two currencies',
      `SELECT 'x', 1, d.id, c.id, d.currency, 1, now() FROM ledger_account d, ledger_account c
       WHERE d.currency = 'USD' AND c.currency = 'JPY' LIMIT 1`,
    ],
    [
      'an existing key',
      `SELECT key, leg, debit_id, credit_id, currency, amount_minor, now() FROM movement LIMIT 1`,
    ],
  ])('the database rejects a movement with %s', async (_name, select) => {
    await expect(
      payments.service.query(
        `INSERT INTO movement (key, leg, debit_id, credit_id, currency, amount_minor, occurred_at) ${select}`,
      ),
    ).rejects.toThrow(/violates (check|foreign key|unique)|duplicate key/);
  });

  test('reconciliation reports a movement without a cause', async () => {
    const { payment } = await payments.givenCaptured(testUser());
    await eventually(() => payments.agreed());
    await payments.service.query(
      `INSERT INTO movement (key, leg, debit_id, credit_id, currency, amount_minor, payment_id, occurred_at)
       SELECT 'planted', 1, d.id, c.id, 'USD', 1, $1, now() FROM ledger_account d, ledger_account c
       WHERE d.code = 'provider_clearing' AND d.currency = 'USD' AND c.code = 'guest' AND c.currency = 'USD' LIMIT 1`,
      [payment.id],
    );
    const { balanced, differences } = await payments.reconcile();
    expect(balanced).toBe(false);
    expect(differences.map((entry) => [entry.kind, entry.paymentId]).sort()).toEqual([
      ['ledger.payment_differs', payment.id],
      ['ledger.unbalanced', payment.id],
    ]);
  });

  test('401 without a token, 403 without the admin role, 400 for invalid parameters', async () => {
    for (const path of ['accounts', 'transactions']) {
      const url = `/v1/admin/ledger/${path}`;
      expectProblem(await payments.service.anonymous.get(url), 401, 'auth.missing_token');
      expectProblem(await payments.service.as(testUser({ roles: ['host'] })).get(url), 403, 'auth.forbidden');
      for (const query of ['limit=0', 'limit=101', 'limit=x', 'cursor=nonsense', 'unknown=1']) {
        expectProblem(
          await payments.service.as(payments.admin).get(`${url}?${query}`),
          400,
          'request.invalid',
        );
      }
    }
    expectProblem(
      await payments.service.as(payments.admin).get('/v1/admin/ledger/transactions?bookingId=1'),
      400,
      'request.invalid',
    );
  });
});
