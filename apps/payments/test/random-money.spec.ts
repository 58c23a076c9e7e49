import { eventually, inLanes, type TestUser, testUser } from '@roost/testing';
import fc from 'fast-check';
import { aChange, type BookingBody, LONGER, SHORTER } from './payments.fixture.js';
import { PayoutsUnderTest } from './payouts.fixture.js';

/** 10,000 in the acceptance run. The number changes the duration, not the checks. */
const SEQUENCES = Number(process.env.ROOST_RANDOM_MONEY ?? 20);
const SEED = Number(process.env.ROOST_SEED ?? Date.now() % 1_000_000);
/** Each round has its own service and databases: the clock moves forward by years in it, and holds end in 2099. */
const ROUND = 250;
const ROUNDS = Array.from({ length: Math.ceil(SEQUENCES / ROUND) }, (_, n) => ({
  seed: SEED + n,
  sequences: Math.min(ROUND, SEQUENCES - n * ROUND),
}));
const LANES = 6;
const CURRENCIES = ['USD', 'USD', 'JPY', 'KWD'] as const;

type Operation =
  | { kind: 'stay'; dueInDays: number }
  | { kind: 'refund'; stay: number; amountMinor: number; bearer: 'proportional' | 'platform' | 'host' }
  | { kind: 'return'; stay: number }
  | { kind: 'settle'; stay: number }
  | { kind: 'dispute'; stay: number; step: 'open' | 'won' | 'lost'; amountMinor: number }
  | { kind: 'change'; stay: number; totals: typeof LONGER }
  | { kind: 'cancel'; stay: number; keptMinor: number; penaltyMinor: number }
  | { kind: 'payout'; afterHours: number }
  | { kind: 'transfers'; outcome: 'failed' | 'pending' }
  | { kind: 'fault'; route: 'refund' | 'transfer'; fault: 'silent' | 'fail' | 'lost' };

const stay = fc.integer({ min: 0, max: 2 });
/** A multiple of 10, which cards charge in every currency. */
const amountMinor = fc.integer({ min: 1, max: 3_000 }).map((tens) => tens * 10);
const kind = <K extends Operation['kind']>(name: K) => fc.constant(name);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: kind('stay'), dueInDays: fc.integer({ min: 0, max: 9 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind('refund'),
      stay,
      amountMinor,
      bearer: fc.constantFrom('proportional' as const, 'platform' as const, 'host' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind('return'), stay }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('settle'), stay }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind('dispute'),
      stay,
      step: fc.constantFrom('open' as const, 'won' as const, 'lost' as const),
      amountMinor,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: kind('change'), stay, totals: fc.constantFrom(LONGER, SHORTER) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind('cancel'),
      stay,
      keptMinor: fc.integer({ min: 0, max: 1_000 }).map((tens) => tens * 10),
      penaltyMinor: fc.constantFrom(0, 0, 5_000, 40_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: kind('payout'), afterHours: fc.integer({ min: 1, max: 200 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: kind('transfers'),
      outcome: fc.constantFrom('failed' as const, 'pending' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: kind('fault'),
      route: fc.constantFrom('refund' as const, 'transfer' as const),
      fault: fc.constantFrom('silent' as const, 'fail' as const, 'lost' as const),
    }),
  },
);

interface Stay {
  booking: BookingBody;
  guest: TestUser;
  paymentId: string;
  isCancelled: boolean;
}

let payouts: PayoutsUnderTest;
beforeEach(async () => {
  payouts = await PayoutsUnderTest.start({ PROVIDER_TIMEOUT_SECONDS: '1', DISPUTE_CHECK_SECONDS: '1' });
});
afterEach(() => payouts.close());

/** The life of one host: the operations run in their order, whether or not the money's state allows them. */
class Sequence {
  private readonly stays: Stay[] = [];

  constructor(
    readonly host: TestUser,
    private readonly currency: (typeof CURRENCIES)[number],
  ) {}

  async run(step: Operation): Promise<void> {
    const { sandbox, service } = payouts;
    switch (step.kind) {
      case 'stay':
        return this.addStay(step.dueInDays);
      case 'payout':
        await service.clock.advance(`PT${step.afterHours}H`);
        return;
      case 'transfers':
        await payouts.plan(step.outcome);
        return;
      case 'fault':
        await sandbox.faults({ route: step.route, kind: step.fault, times: 2 });
        return;
      default: {
        const target = this.stays[step.stay];
        if (target) await this.runOn(target, step);
      }
    }
  }

  private async addStay(dueInDays: number): Promise<void> {
    const guest = testUser();
    const due = new Date(payouts.service.clock.now().getTime() + dueInDays * 86_400_000);
    const { booking, payment } = await payouts.payments.givenConfirmed(guest, {
      host: this.host,
      currency: this.currency,
      holdExpiresAt: '2099-01-01T00:00:00.000Z',
      payoutDueAt: due.toISOString(),
    });
    this.stays.push({ booking, guest, paymentId: payment.id, isCancelled: false });
  }

  private async runOn(target: Stay, step: Extract<Operation, { stay: number }>): Promise<void> {
    switch (step.kind) {
      case 'refund': {
        const { amountMinor, bearer } = step;
        const response = await payouts.service
          .as(payouts.payments.admin)
          .post(`/v1/admin/payments/${target.paymentId}/refunds`, { amountMinor, bearer, reason: 'random' });
        expect([201, 409]).toContain(response.status);
        return;
      }
      case 'return': {
        // The bank returns the newest refund that was paid.
        const [refund] = await payouts.service.query<{ ref: string }>(
          `SELECT provider_ref AS ref FROM refund WHERE payment_id = $1 AND provider_ref IS NOT NULL
             AND status = 'succeeded' ORDER BY id DESC LIMIT 1`,
          [target.paymentId],
        );
        if (refund) await payouts.sandbox.request('POST', `/control/refunds/${refund.ref}/failed`);
        return;
      }
      case 'settle': {
        // The platform pays the newest refund that has failed without the provider.
        const [refund] = await payouts.service.query<{ id: string; due: number }>(
          `SELECT id, (amount_minor - offset_minor)::float8 AS due FROM refund
           WHERE payment_id = $1 AND status = 'failed' AND offset_minor < amount_minor ORDER BY id DESC LIMIT 1`,
          [target.paymentId],
        );
        if (!refund) return;
        const { status } = await payouts.service
          .as(payouts.payments.admin)
          .post(`/v1/admin/payments/${target.paymentId}/refunds/${refund.id}/settle`, {
            amountMinor: refund.due,
            reason: 'random',
          });
        expect([201, 409]).toContain(status);
        return;
      }
      case 'dispute': {
        const { id } = await payouts.sandbox.intentOf(target.paymentId);
        const path = `/control/payment-intents/${id}/disputes/${step.step}`;
        await payouts.sandbox.request('POST', path, { amountMinor: step.amountMinor });
        return;
      }
      case 'change':
        if (!target.isCancelled) await this.change(target, step.totals);
        return;
      case 'cancel':
        if (target.isCancelled) return;
        target.isCancelled = true;
        await payouts.cancel(
          target.booking,
          Math.min(step.keptMinor, target.booking.totalMinor),
          step.penaltyMinor,
        );
    }
  }

  private async change(target: Stay, totals: typeof LONGER): Promise<void> {
    const { payments } = payouts;
    const change = aChange(target.booking, totals, { expiresAt: '2099-01-01T00:00:00.000Z' });
    if (change.differenceMinor > 0) {
      const payment = await payments.givenChangePayment(target.guest, change);
      await eventually(async () => {
        const { body } = await payments.confirm(target.guest, payment.id);
        expect(body.status).toBe('captured');
      });
    }
    target.booking = await payments.applied(change);
  }
}

/** Revenue of the platform at the provider, from which it pays hosts although it bears refunds and lost disputes. */
async function fundPlatform(): Promise<void> {
  const totals = { totalMinor: 90_000_000, hostPayoutMinor: 0, platformFeeMinor: 90_000_000, taxMinor: 0 };
  for (const currency of new Set(CURRENCIES))
    await payouts.givenStay(testUser({ roles: ['host'] }), { currency, ...totals });
}

async function payPendingTransfers(): Promise<void> {
  const { sandbox } = payouts;
  for (let after: number | null = 0; after !== null;) {
    const page: { data: { id: string; status: string }[]; nextAfter: number | null } = await sandbox.request(
      'GET',
      `/v1/transfers?limit=100&after=${after}`,
    );
    for (const { id, status } of page.data)
      if (status === 'pending') await sandbox.request('POST', `/control/transfers/${id}/paid`);
    after = page.nextAfter;
  }
}

/** Decides the disputes that are recorded, half of them for the guest. */
async function decideDisputes(): Promise<void> {
  const { service, sandbox } = payouts;
  const open = await service.query<{ payment_id: string; is_won: boolean }>(
    `SELECT payment_id, hashtext(id::text) % 2 = 0 AS is_won FROM dispute WHERE closed_at IS NULL`,
  );
  for (const { payment_id: paymentId, is_won: isWon } of open) {
    const { id, dispute } = await sandbox.intentOf(paymentId);
    const path = `/control/payment-intents/${id}/disputes/${isWon ? 'won' : 'lost'}`;
    if (dispute === 'open') await sandbox.request('POST', path, {});
  }
}

/** Repeats the refunds that have failed. An operator may have refunded the amount of one of their own in another way. */
async function retryRefused(): Promise<void> {
  const { service, payments } = payouts;
  const refused = await service.query<{ id: string; payment_id: string }>(
    `SELECT id, payment_id FROM refund r WHERE status = 'failed' AND offset_minor < amount_minor
       AND failure_code <> 'charge_disputed'
       AND NOT EXISTS (SELECT FROM refund n WHERE n.payment_id = r.payment_id AND n.cause = r.cause || '/retry')`,
  );
  for (const { id, payment_id: paymentId } of refused) {
    const path = `/v1/admin/payments/${paymentId}/refunds/${id}/retry`;
    const { status } = await service.as(payments.admin).post(path, { reason: 'random' });
    expect([201, 409]).toContain(status);
  }
}

/** Ends all disputes and faults, and lets everything that is due be paid. */
async function finish(): Promise<void> {
  const { service, sandbox } = payouts;
  await sandbox.faults();
  await payouts.plan('paid', 0);
  await eventually(
    async () => {
      await decideDisputes();
      await payPendingTransfers();
      await retryRefused();
      await service.clock.advance('P15D');
      const unfinished = await service.query(
        `SELECT 'operation' AS what FROM payment_operation WHERE status = 'pending'
         UNION ALL SELECT 'dispute' FROM dispute WHERE closed_at IS NULL
         UNION ALL SELECT 'refund' FROM deferred_refund
         UNION ALL SELECT 'payout' FROM payout WHERE status = 'in_transit'`,
      );
      expect(unfinished).toEqual([]);
    },
    { seconds: 60 },
  );
}

/** The sum of each currency that the provider holds, by its own books and by the ledger. */
async function clearings() {
  const { data } = await payouts.sandbox.request<{ data: { currency: string; amountMinor: number }[] }>(
    'GET',
    '/v1/books',
  );
  const books: Record<string, number> = {};
  for (const { currency, amountMinor } of data) books[currency] = (books[currency] ?? 0) + amountMinor;
  const rows = await payouts.service.query<{ currency: string; net: number }>(
    `SELECT a.currency, sum(CASE WHEN a.id = m.debit_id THEN m.amount_minor ELSE -m.amount_minor END)::float8 AS net
     FROM movement m JOIN ledger_account a ON a.id IN (m.debit_id, m.credit_id)
     WHERE a.code = 'provider_clearing' GROUP BY 1`,
  );
  return { books, ledger: Object.fromEntries(rows.map(({ currency, net }) => [currency, net])) };
}

test.each(ROUNDS)(
  'all books agree after $sequences sequences of captures, refunds, disputes, changes, cancellations, payouts and penalties, seed $seed',
  async ({ seed, sequences }) => {
    const sample = fc.sample(
      fc.tuple(fc.constantFrom(...CURRENCIES), fc.array(operation, { minLength: 3, maxLength: 12 })),
      { numRuns: sequences, seed },
    );
    await payouts.givenHost();
    await fundPlatform();
    await inLanes(sample, LANES, async ([currency, operations]) => {
      const host = testUser({ roles: ['host'] });
      expect((await payouts.setAccount(host, { currency })).status).toBe(200);
      const sequence = new Sequence(host, currency);
      await sequence.run({ kind: 'stay', dueInDays: 1 });
      for (const step of operations) await sequence.run(step);
    });
    await finish();

    // Nothing is left to refund: the bank has returned the amount, or another refund by an operator, if it was one of theirs.
    const lost = await payouts.service.query<{ id: string }>(
      `SELECT id FROM payment p WHERE dispute_lost_minor > 0 OR captured_minor = refund_reserved_minor
         AND NOT EXISTS (SELECT FROM refund r WHERE r.payment_id = p.id AND r.status = 'failed'
           AND r.offset_minor < r.amount_minor AND (r.paid_at IS NOT NULL OR r.cause NOT LIKE 'admin:%')
           AND NOT EXISTS (SELECT FROM refund n WHERE n.payment_id = p.id AND n.cause = r.cause || '/retry'))`,
    );
    const lostIds = new Set(lost.map(({ id }) => id));
    // The bank has returned the money before the provider received the refund: an operator decides what is still due.
    const isOvertaken = ({ kind, paymentId }: { kind: string; paymentId: string | null }) =>
      kind === 'refund.refused' && lostIds.has(paymentId ?? '');
    await eventually(
      async () => {
        const { balanced, differences: found } = await payouts.payments.reconcile();
        const differences = found.filter((each) => !isOvertaken(each));
        expect({ seed, balanced, differences }).toEqual({ seed, balanced: true, differences: [] });
        const { books, ledger } = await clearings();
        expect({ seed, books }).toEqual({ seed, books: ledger });
      },
      { seconds: 60 },
    );
    const over = await payouts.service.query(
      `SELECT id FROM payment WHERE captured_minor < refund_reserved_minor + disputed_minor + dispute_lost_minor
       OR refund_reserved_minor < refunded_minor`,
    );
    expect({ seed, over }).toEqual({ seed, over: [] });
    const twice = await payouts.service.query(
      `SELECT payout_id FROM payout_line GROUP BY payout_id, booking_id HAVING count(*) > 1
       UNION ALL SELECT booking_id FROM payout_line l JOIN payout p ON p.id = l.payout_id WHERE p.status = 'paid'
       GROUP BY booking_id HAVING sum(l.amount_minor) > (
         SELECT coalesce(sum(m.amount_minor), 0) FROM movement m JOIN ledger_account c ON c.id = m.credit_id
         JOIN ledger_account d ON d.id = m.debit_id
         WHERE m.booking_id = l.booking_id AND c.code = 'host_payable' AND d.code <> 'payout_in_transit'
           AND m.key NOT LIKE 'refund:%:failed')`,
    );
    expect({ seed, twice }).toEqual({ seed, twice: [] });
    const transfers = await payouts.service.query<{ same: boolean }>(
      `SELECT count(*) = count(DISTINCT provider_ref) AS same FROM payout WHERE status = 'paid'`,
    );
    expect(transfers).toEqual([{ same: true }]);
    const nets = await payouts.service.query(
      `SELECT currency FROM (
         SELECT a.currency, m.amount_minor AS n FROM movement m JOIN ledger_account a ON a.id = m.debit_id
         UNION ALL SELECT a.currency, -m.amount_minor FROM movement m JOIN ledger_account a ON a.id = m.credit_id) s
       GROUP BY currency HAVING sum(n) <> 0`,
    );
    expect(nets).toEqual([]);
  },
  300_000 + ROUND * 3_000,
);
