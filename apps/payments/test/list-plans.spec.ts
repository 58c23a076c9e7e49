import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { largestSortRows, queryPlans } from '@roost/testing';
import { findPapers, findUnnumberedEntities, lockCounter, numberPapers } from '../src/paper/paper.queries.js';
import { PaperJobs } from '../src/paper/paper.jobs.js';
import { visiblePaymentIds } from '../src/receipt/receipt.queries.js';
import {
  balanceBefore,
  findEntries,
  findHostAccounts,
  findMonths,
} from '../src/statement/statement.queries.js';
import { MyTransactionsQuery } from '../src/statement/transaction.dto.js';
import { listMyTransactions } from '../src/statement/transaction.queries.js';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

const PAYMENTS = 20_000;
/** One in 200 payments belongs to them. */
const [guestId, hostId] = [randomUUID(), randomUUID()];

let payments: PaymentsUnderTest;
let accountId: number;
let paymentId: string;

beforeAll(async () => {
  payments = await startPayments();
  const { service } = payments;
  // The first run issues missing papers, which the rows below would be.
  await service.get(PaperJobs).issue();
  await service.query(
    `INSERT INTO payment (id, booking_id, purpose, guest_id, host_id, provider, capture, status, currency, amount_minor,
       host_minor, platform_minor, tax_minor, authorized_minor, captured_minor, captured_at, check_at, created_at, updated_at)
     SELECT uuidv7(), gen_random_uuid(), 'booking', CASE WHEN n % 200 = 0 THEN $1::uuid ELSE gen_random_uuid() END,
       CASE WHEN n % 200 = 0 THEN $2::uuid ELSE ('00000000-0000-4000-8000-' || lpad((n % 500)::text, 12, '0'))::uuid END,
       'sandbox', 'automatic', 'captured', 'USD', 1000, 800, 100, 100, 1000, 1000,
       '2030-01-01'::timestamptz + n * interval '10 minutes', now(), now(), now() FROM generate_series(1, $3::int) n`,
    [guestId, hostId, PAYMENTS],
  );
  await service.query(
    `INSERT INTO ledger_account (code, owner_id, currency)
     SELECT 'host_payable', host_id, 'USD' FROM payment GROUP BY host_id
     UNION ALL SELECT 'provider_clearing', NULL, 'USD' UNION ALL SELECT 'tax_payable', NULL, 'USD'`,
  );
  await service.query(
    `INSERT INTO movement (key, leg, debit_id, credit_id, currency, amount_minor, payment_id, booking_id, occurred_at)
     SELECT 'capture:' || p.id, 1, c.id, h.id, 'USD', 800, p.id, p.booking_id, p.captured_at
     FROM payment p JOIN ledger_account h ON h.owner_id = p.host_id JOIN ledger_account c ON c.code = 'provider_clearing'`,
  );
  // Before the papers: the sweeper may number the last one at once.
  await service.query(`INSERT INTO paper_counter VALUES ('development', $1::int - 1)`, [PAYMENTS]);
  await service.query(
    `INSERT INTO paper (id, kind, legal_entity, seller, number, payment_id, booking_id, guest_id, host_id, currency, amount_minor,
       lines, occurred_at, issued_at)
     SELECT uuidv7(), 'receipt', 'development', '{}', nullif(row_number() OVER (), $1::int), id, booking_id, guest_id, host_id,
       'USD', 1000, '[]', captured_at, captured_at FROM payment`,
    [PAYMENTS],
  );
  await service.query('ANALYZE');
  const [row] = await service.query<{ account: string; payment: string }>(
    `SELECT a.id AS account, p.id AS payment FROM ledger_account a JOIN payment p ON p.host_id = a.owner_id
     WHERE a.owner_id = $1 LIMIT 1`,
    [hostId],
  );
  accountId = Number(row?.account);
  paymentId = row?.payment ?? '';
}, 120_000);
afterAll(() => payments.close());

const plans = (about: RegExp, work: (em: EntityManager) => Promise<unknown>) =>
  queryPlans(payments.service, about, work);

const cursor = Buffer.from(JSON.stringify(['2030-02-01T00:00:00Z', 5_000])).toString('base64url');
const may = { from: new Date('2030-05-01'), to: new Date('2030-06-01') };
const transactions = (userId: string, query: object) => (em: EntityManager) =>
  listMyTransactions(em, userId, MyTransactionsQuery.parse(query));

test.each<[string, string, RegExp, (em: EntityManager) => Promise<unknown>]>([
  ['transactions of a host', 'movement_credit', /movement/, transactions(hostId, { role: 'host' })],
  ['a later page of them', 'movement_credit', /movement/, transactions(hostId, { role: 'host', cursor })],
  [
    'transactions of a host with filters',
    'movement_credit',
    /movement/,
    transactions(hostId, {
      role: 'host',
      kind: 'payout',
      from: '2030-02-01',
      to: '2030-03-01',
      currency: 'USD',
    }),
  ],
  ['transactions of a guest', 'payment_guest', /movement/, transactions(guestId, { role: 'guest' })],
  [
    'accounts of a host',
    'ledger_account_code_owner',
    /ledger_account/,
    (em) => findHostAccounts(em, hostId, null),
  ],
  ['an opening balance', 'movement_credit', /movement/, (em) => balanceBefore(em, accountId, may.from)],
  ['the entries of a month', 'movement_credit', /movement/, (em) => findEntries(em, accountId, may, 10_001)],
  ['the months of an account', 'movement_credit', /movement/, (em) => findMonths(em, accountId)],
  ['the papers of a payment', 'paper_payment_id', /paper/, (em) => findPapers(em, [paymentId])],
  ['unnumbered papers', 'paper_unnumbered', /paper/, (em) => findUnnumberedEntities(em)],
  [
    'the payments of a booking',
    'payment_booking',
    /payment/,
    (em) => visiblePaymentIds(em, { id: guestId, roles: [] }, { bookingIds: [randomUUID()] }),
  ],
])('reads %s from an index', async (_, index, about, work) => {
  const plan = await plans(about, work);
  expect(plan).toContain(index);
  expect(plan).not.toMatch(/Seq Scan on (movement|payment|paper\b)/);
});

test('numbers papers from an index', async () => {
  const plan = await plans(/UPDATE paper SET/, async (em) => {
    await em.transactional(async (tx) => {
      await numberPapers(tx, 'development', await lockCounter(tx, 'development'), 500);
    });
  });
  expect(plan).toContain('paper_unnumbered');
  expect(plan).not.toMatch(/Seq Scan on paper\b/);
});

test('a page of a host sorts no more than the page of each index', async () => {
  const plan = await plans(/movement/, transactions(hostId, { role: 'host', limit: '10' }));
  expect(plan).toContain('Index Scan Backward using movement_credit');
  expect(largestSortRows(plan)).toBeLessThanOrEqual(22);
});
