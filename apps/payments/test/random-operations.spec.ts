import type { EventBody } from '@roost/contracts';
import { testUser, eventually } from '@roost/testing';
import fc from 'fast-check';
import { aBooking, type PaymentsUnderTest, startPayments } from './payments.fixture.js';
import { submitBankForm } from './sandbox.fixture.js';

/** 10,000 in the acceptance run. The number changes the duration, not the checks. */
const SEQUENCES = Number(process.env.ROOST_RANDOM_LIVES ?? 40);

const cards = [
  'pm_card_visa',
  'pm_card_visa',
  'pm_card_chargeDeclined',
  'pm_card_authenticationRequired',
  'pm_sandbox_timeoutAfterCharge',
] as const;

type Operation =
  | { kind: 'confirm'; card: (typeof cards)[number]; outcome: 'approve' | 'refuse' }
  | { kind: 'refund'; amountMinor: number; bearer: 'proportional' | 'platform' | 'host' }
  | { kind: 'dispute'; step: 'open' | 'won' | 'lost'; amountMinor: number }
  | { kind: 'cancelled'; refundMinor: number }
  | { kind: 'expired'; cause: EventBody<'booking.expired'>['cause'] }
  | { kind: 'requested' | 'accepted' | 'confirmed' | 'declined' }
  | { kind: 'fault'; route: 'confirm' | 'capture' | 'cancel' | 'refund'; fault: 'silent' | 'fail' | 'lost' };

const amount = fc.integer({ min: 1, max: 30_000 });
const bearer = fc.constantFrom('proportional' as const, 'platform' as const, 'host' as const);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('confirm' as const),
      card: fc.constantFrom(...cards),
      outcome: fc.constantFrom('approve' as const, 'refuse' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('refund' as const), amountMinor: amount, bearer }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('dispute' as const),
      step: fc.constantFrom('open' as const, 'won' as const, 'lost' as const),
      amountMinor: amount,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancelled' as const), refundMinor: amount }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('expired' as const),
      cause: fc.constantFrom('hold' as const, 'host' as const, 'capture' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'requested' as const,
        'accepted' as const,
        'accepted' as const,
        'confirmed' as const,
        'declined' as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      route: fc.constantFrom('confirm' as const, 'capture' as const, 'cancel' as const, 'refund' as const),
      fault: fc.constantFrom('silent' as const, 'fail' as const, 'lost' as const),
    }),
  },
);

describe('random operations on payments', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  /** Runs the operations in their order, whether or not the payment's state allows them. */
  async function run(mode: 'instant' | 'request', operations: readonly Operation[]): Promise<void> {
    const guest = testUser();
    const { payment, booking } = await payments.givenPayment({ guest, bookingMode: mode });
    for (const each of operations) {
      switch (each.kind) {
        case 'confirm': {
          const response = await payments.confirm(guest, payment.id, each.card);
          expect([200, 402, 409, 503]).toContain(response.status);
          if (response.body.redirectUrl) await submitBankForm(response.body.redirectUrl, each.outcome);
          break;
        }
        case 'refund': {
          const response = await payments.service
            .as(payments.admin)
            .post(`/v1/admin/payments/${payment.id}/refunds`, {
              amountMinor: each.amountMinor,
              bearer: each.bearer,
              reason: 'random',
            });
          expect([201, 409]).toContain(response.status);
          break;
        }
        case 'dispute': {
          const { id } = await payments.sandbox.intentOf(payment.id);
          const path = `/control/payment-intents/${id}/disputes/${each.step}`;
          await payments.sandbox.request('POST', path, { amountMinor: each.amountMinor });
          break;
        }
        case 'fault':
          await payments.sandbox.faults({ route: each.route, kind: each.fault, times: 2 });
          break;
        case 'expired':
          await payments.service.deliver('booking.expired', {
            ...booking,
            state: 'expired',
            cause: each.cause,
          });
          break;
        case 'cancelled':
          await payments.service.deliver('booking.cancelled', {
            ...booking,
            state: 'cancelled',
            by: 'guest',
            refundMinor: each.refundMinor,
            refundLines: [],
            hostPenaltyMinor: 0,
          });
          break;
        default:
          await deliver(each.kind, booking);
      }
    }
  }

  function deliver(
    outcome: 'requested' | 'accepted' | 'confirmed' | 'declined',
    booking: ReturnType<typeof aBooking>,
  ) {
    const { service } = payments;
    switch (outcome) {
      case 'requested':
        return service.deliver('booking.requested', {
          ...booking,
          state: 'awaiting_host',
          respondBy: booking.checkInAt,
        });
      case 'accepted':
        return service.deliver('booking.accepted', { ...booking, state: 'awaiting_capture' });
      case 'confirmed':
        return service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false });
      case 'declined':
        return service.deliver('booking.declined', { ...booking, state: 'declined' });
    }
  }

  test(
    `all books agree after ${SEQUENCES} sequences, without a double refund or charge`,
    async () => {
      const seed = Number(process.env.ROOST_SEED ?? Date.now() % 1_000_000);
      const sample = fc.sample(
        fc.tuple(
          fc.constantFrom('instant' as const, 'request' as const),
          fc.array(operation, { minLength: 2, maxLength: 9 }),
        ),
        { numRuns: SEQUENCES, seed },
      );
      const sequences = sample.values();
      await Promise.all(
        Array.from({ length: 6 }, async () => {
          for (const [mode, operations] of sequences) await run(mode, operations);
        }),
      );
      await payments.sandbox.faults();

      await eventually(
        async () => {
          const open = await payments.service.query(
            `SELECT kind, tries, failure_code FROM payment_operation WHERE status = 'pending'`,
          );
          expect({ seed, open }).toEqual({ seed, open: [] });
          const report = await payments.reconcile();
          // Some sequences deliver a confirmation without a payment or leave a late payment undecided.
          const differences = report.differences.filter(
            ({ kind }) => !['booking.confirmed_unpaid', 'booking.undecided'].includes(kind),
          );
          expect({ seed, balanced: report.balanced, differences }).toEqual({
            seed,
            balanced: true,
            differences: [],
          });
        },
        { seconds: 60 },
      );

      const charges = await payments.service.query<{ id: string; over: boolean }>(
        `SELECT id, captured_minor < refund_reserved_minor + disputed_minor + dispute_lost_minor
         OR refund_reserved_minor < refunded_minor AS over FROM payment`,
      );
      expect(charges.filter((row) => row.over)).toEqual([]);
      for (const { id } of charges) {
        const intent = await payments.sandbox.intentOf(id);
        const books = await payments.sandbox.books(intent.id);
        expect({ seed, charges: books.filter(([kind]) => kind === 'charge').length }).toEqual({
          seed,
          charges: intent.capturedMinor > 0 ? 1 : 0,
        });
      }
      const [net] = await payments.service.query<{ net: number }>(
        `SELECT coalesce(sum(n), 0)::float8 AS net FROM (
         SELECT sum(amount_minor) AS n FROM movement GROUP BY debit_id
         UNION ALL SELECT -sum(amount_minor) FROM movement GROUP BY credit_id) s`,
      );
      expect(net?.net).toBe(0);
    },
    300_000 + SEQUENCES * 2_000,
  );
});
