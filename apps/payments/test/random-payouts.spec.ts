import { eventually, type TestUser } from '@roost/testing';
import fc from 'fast-check';
import type { BookingBody, PaymentBody } from './payments.fixture.js';
import { PayoutsUnderTest, stayOf } from './payouts.fixture.js';

/** The number changes the duration, not the checks. `payout-history.spec.ts` runs many more sequences of the rules alone. */
const SEQUENCES = Number(process.env.ROOST_RANDOM_PAYOUTS ?? 5);

type Operation =
  | { kind: 'stay'; days: number; nights: number }
  | { kind: 'cancel'; stay: number; kept: number; penalty: number }
  | { kind: 'refund'; stay: number; amountMinor: number }
  | { kind: 'dispute'; stay: number }
  | { kind: 'advance'; hours: number }
  | { kind: 'transfers'; outcome: 'failed' | 'pending'; times: number }
  | { kind: 'fault'; fault: 'silent' | 'fail' | 'lost' }
  | { kind: 'account' };

const index = fc.integer({ min: 0, max: 3 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('stay' as const),
      days: fc.integer({ min: 0, max: 20 }),
      nights: fc.integer({ min: 1, max: 70 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('cancel' as const),
      stay: index,
      kept: fc.integer({ min: 0, max: 21_340 }),
      penalty: fc.integer({ min: 0, max: 20_000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('refund' as const),
      stay: index,
      amountMinor: fc.integer({ min: 1, max: 30_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('dispute' as const), stay: index }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      hours: fc.integer({ min: 1, max: 400 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('transfers' as const),
      outcome: fc.constantFrom('failed' as const, 'pending' as const),
      times: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      fault: fc.constantFrom('silent' as const, 'fail' as const, 'lost' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('account' as const) }) },
);

describe('random operations on payouts', () => {
  let payouts: PayoutsUnderTest;
  beforeAll(async () => {
    payouts = await PayoutsUnderTest.start({ PROVIDER_TIMEOUT_SECONDS: '1' });
    // Refunds and disputes of one host can make the platform lose more than its fees: without a reserve of its own, the
    // provider would refuse the payouts of the others for an insufficient balance.
    const reserve = {
      totalMinor: 5_000_000,
      hostPayoutMinor: 0,
      platformFeeMinor: 4_997_800,
      taxMinor: 2_200,
    };
    await payouts.givenStay(await payouts.givenHost(), reserve);
  });
  afterAll(() => payouts.close());

  class Sequence {
    private readonly stays: BookingBody[] = [];
    private readonly cancelled = new Set<string>();
    private readonly disputes: (() => Promise<unknown>)[] = [];
    private accounts = 0;

    constructor(readonly host: TestUser) {}

    async run(step: Operation): Promise<void> {
      const { clock } = payouts.service;
      const stay = 'stay' in step ? this.stays[step.stay % Math.max(1, this.stays.length)] : undefined;
      switch (step.kind) {
        case 'stay': {
          const due = new Date(clock.now().getTime() + step.days * 24 * 60 * 60_000);
          const stored = await payouts.givenStay(this.host, {
            ...stayOf(step.nights),
            payoutDueAt: due.toISOString(),
          });
          this.stays.push(stored);
          break;
        }
        case 'cancel':
          if (!stay || this.cancelled.has(stay.bookingId)) break;
          this.cancelled.add(stay.bookingId);
          await payouts.cancel(stay, step.kept, step.penalty);
          break;
        case 'refund':
          if (stay) await this.refund(stay, step.amountMinor);
          break;
        case 'dispute':
          if (stay) this.disputes.push(await payouts.givenDispute(stay));
          break;
        case 'advance':
          await clock.advance(`PT${step.hours}H`);
          break;
        case 'transfers':
          await payouts.plan(step.outcome, step.times);
          break;
        case 'fault':
          await payouts.sandbox.faults({ route: 'transfer', kind: step.fault, times: 2 });
          break;
        case 'account':
          this.accounts += 1;
          await payouts.setAccount(this.host, {
            reference: `acct_${this.host.id.slice(0, 8)}_${this.accounts}`,
          });
      }
    }

    /** Ends all disputes, faults and pending transfers, and lets everything that is due be paid. */
    async finish(): Promise<void> {
      await payouts.sandbox.faults();
      await payouts.plan('paid', 0);
      for (const close of this.disputes) await close();
      await eventually(
        async () => {
          for (const { id, status } of await payouts.transfersTo(this.host)) {
            if (status === 'pending') await payouts.sandbox.request('POST', `/control/transfers/${id}/paid`);
          }
          await payouts.service.clock.advance('P15D');
          const listed = await payouts.payoutsOf(this.host);
          expect(listed.filter(({ status }) => status === 'in_transit')).toEqual([]);
          const open = listed.filter(({ status, amountMinor }) => status === 'upcoming' && amountMinor > 0);
          for (const { reason } of open) expect(['below_minimum', 'negative_balance']).toContain(reason);
        },
        { seconds: 60 },
      );
    }

    private async refund(stay: BookingBody, amountMinor: number): Promise<void> {
      const admin = payouts.service.as(payouts.payments.admin);
      const [payment] = await payouts.service.query<PaymentBody>(
        'SELECT id FROM payment WHERE booking_id = $1',
        [stay.bookingId],
      );
      const body = { amountMinor, reason: 'random' };
      const { status } = await admin.post(`/v1/admin/payments/${payment?.id}/refunds`, body);
      expect([201, 409]).toContain(status);
    }
  }

  test(`after ${SEQUENCES} sequences no host is paid twice or too much, and all books agree`, async () => {
    const seed = Number(process.env.ROOST_SEED ?? Date.now() % 1_000_000);
    const sample = fc.sample(fc.array(operation, { minLength: 4, maxLength: 14 }), {
      numRuns: SEQUENCES,
      seed,
    });
    for (const operations of sample) {
      const sequence = new Sequence(await payouts.givenHost());
      await payouts.service.clock.advance('P4D');
      for (const each of [{ kind: 'stay', days: 1, nights: 2 } as const, ...operations])
        await sequence.run(each);
      await sequence.finish();
      const { host } = sequence;
      const paid = (await payouts.payoutsOf(host)).filter(({ status }) => status === 'paid');
      const made = (await payouts.transfersTo(host)).filter(({ status }) => status === 'paid');
      expect({ seed, made: made.map(({ metadata }) => metadata.payoutId).toSorted() }).toEqual({
        seed,
        made: paid.map(({ id }) => id).toSorted(),
      });
      const total = (list: readonly { amountMinor: number }[]) =>
        list.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
      expect({ seed, total: total(made) }).toEqual({ seed, total: total(paid) });
      // What is left is an amount below the minimum, or a debt of the host that no booking covers.
      const debt = total(await payouts.payoutsOf(host, '&status=upcoming'));
      expect({ seed, owed: await payouts.owed(host) }).toEqual({ seed, owed: debt });
      expect(await payouts.owed(host, 'payout_in_transit')).toBe(0);
    }
    await eventually(
      async () => {
        const { balanced, differences } = await payouts.payments.reconcile();
        expect({ seed, balanced, differences }).toEqual({ seed, balanced: true, differences: [] });
      },
      { seconds: 30 },
    );
    expect({ seed, clearing: await payouts.clearing() }).toEqual({
      seed,
      clearing: await payouts.providerBalance(),
    });
  }, 600_000);
});
