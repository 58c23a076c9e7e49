import { randomUUID } from 'node:crypto';
import { Transactions } from '@roost/messaging';
import { Clock, type Config, LOGGER, SystemClock } from '@roost/platform';
import { eventually, testUser } from '@roost/testing';
import type { Logger } from 'pino';
import type { PaymentsConfig } from '../src/config.js';
import { LegalEntities } from '../src/paper/domain/legal-entity.js';
import { PaperIssuer } from '../src/paper/paper-issuer.service.js';
import { PaperJobs } from '../src/paper/paper.jobs.js';
import { PaperNumberer } from '../src/paper/paper-numberer.service.js';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

const ENTITIES = JSON.stringify(
  [
    { id: 'us', countryCode: 'US', numberPrefix: 'US-' },
    { id: 'jp', countryCode: 'JP', numberPrefix: 'JP-', currencies: ['JPY'] },
    { id: 'de', countryCode: 'DE', numberPrefix: 'DE-', countries: ['DE'] },
  ].map((entity) => ({ ...entity, name: `${entity.id} Ltd`, addressLines: ['1 Main Street'] })),
);

let payments: PaymentsUnderTest;
beforeAll(async () => {
  payments = await startPayments({ LEGAL_ENTITIES: ENTITIES });
  // The first run issues missing papers, which the specs below cause on purpose.
  await payments.service.get(PaperJobs).issue();
});
afterAll(() => payments.close());

interface Paper {
  id: string;
  legal_entity: string;
  number: number | null;
  kind: string;
  amount: number;
}

const papersOf = (paymentId: string) =>
  payments.service.query<Paper>(
    `SELECT id, legal_entity, number::int, kind, amount_minor::int AS amount FROM paper WHERE payment_id = $1
     ORDER BY refund_id NULLS FIRST`,
    [paymentId],
  );

/** A captured payment as a row, without a provider. */
async function aCapturedPayment(currency: string) {
  const [payment] = await payments.service.query<{
    id: string;
    booking: string;
    guest: string;
    host: string;
  }>(
    `INSERT INTO payment (id, booking_id, purpose, guest_id, host_id, provider, capture, status, currency, amount_minor,
       host_minor, platform_minor, tax_minor, authorized_minor, captured_minor, captured_at, check_at, created_at, updated_at)
     VALUES (uuidv7(), gen_random_uuid(), 'booking', gen_random_uuid(), gen_random_uuid(), 'sandbox', 'automatic', 'captured',
       $1, 1000, 800, 100, 100, 1000, 1000, now(), now(), now(), now())
     RETURNING id, booking_id AS booking, guest_id AS guest, host_id AS host`,
    [currency],
  );
  if (!payment) throw new Error('No payment was created');
  const { id, booking, guest, host } = payment;
  return { id, bookingId: booking, guestId: guest, hostId: host, changeId: null, currency };
}

test('50 parallel issues with rollbacks and concurrent numbering leave no gap and no duplicate', async () => {
  const [transactions, issuer, numberer] = [
    payments.service.get(Transactions),
    payments.service.get(PaperIssuer),
    payments.service.get(PaperNumberer),
  ];
  const given = await Promise.all(
    Array.from({ length: 50 }, (_, n) => aCapturedPayment(n % 2 === 0 ? 'USD' : 'JPY')),
  );
  const issue = async (payment: (typeof given)[number], n: number) => {
    let tries = 0;
    await transactions.run(async (em) => {
      tries += 1;
      await issuer.issueReceipt(em, payment, { amountMinor: 1_000, occurredAt: new Date() });
      if (n % 5 === 0) throw new Error('rolled back');
      // As after a lost race: the transaction runs again.
      if (n % 5 === 1 && tries === 1) throw Object.assign(new Error('lost race'), { code: '40001' });
    });
  };
  const outcomes = await Promise.allSettled(
    given.flatMap((payment, n) => [issue(payment, n), numberer.run()]),
  );
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(10);
  await numberer.run();
  for (const [entity, count] of [
    ['us', 20],
    ['jp', 20],
  ] as const) {
    const rows = await payments.service.query<{ number: number }>(
      'SELECT number::int FROM paper WHERE legal_entity = $1 ORDER BY number',
      [entity],
    );
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: count }, (_, n) => n + 1));
  }
  // Not booked through bookings, so the rest of the books does not know these payments.
  const { differences } = await payments.reconcile();
  expect(differences.filter(({ kind }) => kind === 'paper.missing')).toHaveLength(10);
  await issueMissing();
});

const issueMissing = () =>
  payments.service.get(Transactions).run((em) => payments.service.get(PaperIssuer).issueMissing(em, 200));

test('issues the papers of payments and refunds from before papers existed, once', async () => {
  const payment = await aCapturedPayment('USD');
  await payments.service.query(
    `INSERT INTO refund (id, payment_id, cause, reason, amount_minor, host_minor, platform_minor, tax_minor, status, created_at,
       finished_at) VALUES (uuidv7(), $1, 'release', 'booking-ended', 100, 80, 10, 10, 'succeeded', now(), now())`,
    [payment.id],
  );
  await payments.service.query(
    `UPDATE payment SET refund_reserved_minor = 100, refunded_minor = 100, status = 'partially_refunded' WHERE id = $1`,
    [payment.id],
  );
  const missing = async () => {
    const { differences } = await payments.reconcile();
    return differences.filter((each) => each.kind === 'paper.missing' && each.paymentId === payment.id);
  };
  expect(await missing()).toMatchObject([
    { expectedMinor: 1_000, foundMinor: 0 },
    { expectedMinor: 100, foundMinor: 0 },
  ]);
  expect(await issueMissing()).toBe(2);
  expect(await issueMissing()).toBe(0);
  expect(await papersOf(payment.id)).toMatchObject([
    { kind: 'receipt', amount: 1_000 },
    { kind: 'credit_note', amount: 100 },
  ]);
  expect(await missing()).toEqual([]);
});

test('numbers new papers although missing ones can’t be issued', async () => {
  const payment = await aCapturedPayment('USD');
  const { service } = payments;
  const [transactions, issuer] = [service.get(Transactions), service.get(PaperIssuer)];
  await transactions.run((em) =>
    issuer.issueReceipt(em, payment, { amountMinor: 1_000, occurredAt: new Date() }),
  );
  const failing = Object.assign(Object.create(issuer) as PaperIssuer, {
    issueMissing: () => Promise.reject(new Error('a payment without an entity')),
  });
  const [numberer, clock, logger] = [
    service.get(PaperNumberer),
    service.get(SystemClock),
    service.get<Logger>(LOGGER),
  ];
  const jobs = new PaperJobs(failing, numberer, transactions, clock, logger);
  await expect(jobs.issue()).rejects.toThrow('without an entity');
  expect((await papersOf(payment.id)).map(({ number }) => number)).toEqual([expect.any(Number)]);
});

test('a capture issues one receipt, a paid refund one credit note', async () => {
  const { payment } = await payments.givenCaptured(testUser());
  const refund = await payments.service
    .as(payments.admin)
    .post(`/v1/admin/payments/${payment.id}/refunds`, { amountMinor: 1_280, reason: 'A broken heater' });
  expect(refund.status).toBe(201);
  await eventually(async () => {
    expect(await papersOf(payment.id)).toMatchObject([
      { kind: 'receipt', amount: 27_280, legal_entity: 'us' },
      { kind: 'credit_note', amount: 1_280, legal_entity: 'us' },
    ]);
  });
  await payments.service.get(PaperNumberer).run();
  const numbers = (await papersOf(payment.id)).map(({ number }) => Number(number));
  expect(numbers[1]).toBe(Number(numbers[0]) + 1);
});

test('a failed payment has no receipt', async () => {
  const guest = testUser();
  const { payment } = await payments.givenPayment({ guest });
  await payments.confirm(guest, payment.id, 'pm_card_chargeDeclined');
  expect(await papersOf(payment.id)).toEqual([]);
});

test('the country of the listing selects the legal entity before the currency', async () => {
  const listingId = randomUUID();
  await payments.service.query(
    `INSERT INTO listing_name (listing_id, version, title, country_code) VALUES ($1, 1, 'Altbau', 'DE')`,
    [listingId],
  );
  const german = await payments.givenCaptured(testUser(), { listingId, currency: 'JPY' });
  expect(await papersOf(german.payment.id)).toMatchObject([{ legal_entity: 'de' }]);
  const other = await payments.givenCaptured(testUser(), { currency: 'JPY' });
  expect(await papersOf(other.payment.id)).toMatchObject([{ legal_entity: 'jp' }]);
});

test.each([
  'UPDATE paper SET amount_minor = amount_minor + 1',
  'UPDATE paper SET number = number + 1000',
  'UPDATE paper SET number = NULL',
  `UPDATE paper SET lines = '[1]', number = 900000 WHERE number IS NULL`,
  'DELETE FROM paper',
  'TRUNCATE paper',
])('the database rejects: %s', async (statement) => {
  const payment = await aCapturedPayment('USD');
  const all = () => payments.service.query(`SELECT count(*), sum(amount_minor) FROM paper`);
  const before = await all();
  const attempt = payments.service.get(Transactions).run(async (em) => {
    // Without a number until the commit.
    await payments.service
      .get(PaperIssuer)
      .issueReceipt(em, payment, { amountMinor: 1_000, occurredAt: new Date() });
    await em.execute(statement);
  });
  await expect(attempt).rejects.toThrow('immutable');
  expect(await all()).toEqual(before);
});

test('reconciliation reports a gap in the numbers', async () => {
  await payments.service.get(PaperNumberer).run();
  await payments.service.query(
    `UPDATE paper_counter SET last_number = last_number + 1 WHERE legal_entity = 'us'`,
  );
  const { differences } = await payments.reconcile();
  expect(differences.filter((each) => each.kind === 'paper.missing' && !each.paymentId)).toMatchObject([
    { detail: expect.stringContaining('legal entity us') as string },
  ]);
  await payments.service.query(
    `UPDATE paper_counter SET last_number = last_number - 1 WHERE legal_entity = 'us'`,
  );
});

test('a debit note is issued by the entity of the credit note that it cancels', async () => {
  const transactions = payments.service.get(Transactions);
  const payment = await aCapturedPayment('USD');
  const [refund] = await payments.service.query<{ id: string }>(
    `INSERT INTO refund (id, payment_id, cause, reason, amount_minor, host_minor, platform_minor, tax_minor, status, paid_at,
       created_at)
     VALUES (uuidv7(), $1, 'release', 'booking-ended', 9, 8, 0, 1, 'failed', now(), now()) RETURNING id`,
    [payment.id],
  );
  const paid = { id: refund?.id ?? '', reason: 'booking-ended', amountMinor: 9, taxMinor: 1 };
  const former = { id: 'former', name: 'Former Ltd', addressLines: ['2 Main Street'], countryCode: 'US' };
  const config = { LEGAL_ENTITIES: LegalEntities.parse([{ ...former, numberPrefix: 'F-' }]) };
  const before = new PaperIssuer(payments.service.get(Clock), config as Config<typeof PaymentsConfig>);
  await transactions.run((em) => before.issueCreditNote(em, payment, paid, new Date()));
  const issuer = payments.service.get(PaperIssuer);
  await transactions.run((em) => issuer.issueDebitNote(em, payment, paid, new Date()));
  expect(
    await payments.service.query(
      `SELECT kind, legal_entity AS entity, seller ->> 'name' AS name FROM paper WHERE refund_id = $1 ORDER BY kind`,
      [refund?.id],
    ),
  ).toEqual(['credit_note', 'debit_note'].map((kind) => ({ kind, entity: 'former', name: 'Former Ltd' })));
});
