import { chargeBounds } from '@roost/money';
import { addDays } from '@roost/stay';
import fc from 'fast-check';
import { type HostBooking, type PlannedLine, planPayout } from './payout-plan.js';

/** 10,000 in the acceptance run. The number changes the duration, not the checks. */
const HISTORIES = Number(process.env.ROOST_RANDOM_LIVES ?? 1_000);

const START = Date.UTC(2030, 0, 1);
const HOUR_MS = 3_600_000;

type Step =
  | { kind: 'stay'; share: number; nights: number; dueHours: number }
  | { kind: 'refund' | 'penalty'; stay: number; amount: number }
  | { kind: 'cancel' | 'dispute' | 'close'; stay: number }
  | { kind: 'change'; stay: number; nights: number; difference: number }
  | { kind: 'run'; hours: number; outcome: 'paid' | 'failed' };

const stay = fc.integer({ min: 0, max: 9 });
const amount = fc.integer({ min: 1, max: 60_000 });
const nights = fc.integer({ min: 1, max: 100 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('stay' as const),
    share: amount,
    nights,
    dueHours: fc.integer({ min: 0, max: 500 }),
  }),
  fc.record({ kind: fc.constantFrom('refund' as const, 'penalty' as const), stay, amount }),
  fc.record({ kind: fc.constantFrom('cancel' as const, 'dispute' as const, 'close' as const), stay }),
  fc.record({
    kind: fc.constant('change' as const),
    stay,
    nights,
    difference: fc.integer({ min: -20_000, max: 20_000 }),
  }),
  fc.record({
    kind: fc.constant('run' as const),
    hours: fc.integer({ min: 1, max: 800 }),
    outcome: fc.constantFrom('paid' as const, 'paid' as const, 'failed' as const),
  }),
);

/** A host with a ledger in memory. */
class Host {
  readonly bookings: HostBooking[] = [];
  readonly earned = new Map<string, number>();
  readonly paid = new Map<string, number>();
  now = START;

  constructor(private readonly currency: string) {}

  apply(change: Step): void {
    if (change.kind === 'stay') return this.add(change);
    if (change.kind === 'run') return this.run(change.hours, change.outcome);
    const booking = this.bookings[change.stay % Math.max(1, this.bookings.length)];
    if (!booking?.terms) return;
    switch (change.kind) {
      case 'penalty':
        booking.balanceMinor -= change.amount;
        break;
      case 'refund':
        booking.balanceMinor -= Math.min(change.amount, this.earnedOf(booking));
        this.earned.set(
          booking.bookingId,
          this.earnedOf(booking) - Math.min(change.amount, this.earnedOf(booking)),
        );
        break;
      case 'cancel':
        booking.terms.cancelled = true;
        break;
      case 'dispute':
      case 'close':
        booking.frozen = change.kind === 'dispute' ? 'dispute_open' : null;
        break;
      case 'change': {
        const difference = Math.max(change.difference, -this.earnedOf(booking));
        booking.terms.checkOutDate = addDays(booking.terms.checkInDate, change.nights);
        booking.balanceMinor += difference;
        this.earned.set(booking.bookingId, this.earnedOf(booking) + difference);
      }
    }
  }

  earnedOf = ({ bookingId }: HostBooking): number => this.earned.get(bookingId) ?? 0;

  private add({ share, nights: count, dueHours }: Extract<Step, { kind: 'stay' }>): void {
    const bookingId = `b${this.bookings.length}`;
    this.earned.set(bookingId, share);
    this.bookings.push({
      ...{ bookingId, balanceMinor: share, paidInstalments: 0, frozen: null },
      terms: {
        ...{ checkInDate: '2030-01-01', checkOutDate: addDays('2030-01-01', count), timeZone: 'UTC' },
        firstDueAt: new Date(this.now + dueHours * HOUR_MS),
        cancelled: false,
      },
    });
  }

  private run(hours: number, outcome: 'paid' | 'failed'): void {
    this.now += hours * HOUR_MS;
    const balanceMinor = this.bookings.reduce((sum, one) => sum + one.balanceMinor, 0);
    const bounds = chargeBounds(this.currency);
    const plan = planPayout(this.bookings, { now: new Date(this.now), balanceMinor, bounds });
    if (!plan.pays || outcome === 'failed') return;
    expect(plan.amountMinor).toBeLessThanOrEqual(balanceMinor);
    for (const line of plan.lines) this.post(line);
  }

  private post({ bookingId, amountMinor, instalment }: PlannedLine): void {
    const booking = this.bookings.find((one) => one.bookingId === bookingId);
    if (!booking) throw new Error('a line of no booking');
    expect(booking.frozen).toBeNull();
    booking.balanceMinor -= amountMinor;
    booking.paidInstalments = Math.max(booking.paidInstalments, instalment);
    this.paid.set(bookingId, (this.paid.get(bookingId) ?? 0) + amountMinor);
    // After a payment, a booking is never paid beyond what it is worth now; a deduction ends its debt.
    if (amountMinor > 0) expect(booking.balanceMinor).toBeGreaterThanOrEqual(0);
    else expect(booking.balanceMinor).toBe(0);
  }

  /** Closes all disputes and pays everything that can be paid. */
  finish(): void {
    for (const booking of this.bookings) booking.frozen = null;
    for (let month = 0; month < 12; month += 1) this.run(31 * 24, 'paid');
  }
}

it(`${HISTORIES} random histories: no host is paid too much, and nothing that is due is left`, () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 3, maxLength: 25 }),
      fc.constantFrom('USD', 'JPY', 'KWD'),
      (steps, currency) => {
        const host = new Host(currency);
        for (const each of steps) host.apply(each);
        host.finish();
        const left = host.bookings.reduce((sum, one) => sum + one.balanceMinor, 0);
        const { minMinor, stepMinor } = chargeBounds(currency);
        // What is left is a debt, or less than can be transferred.
        expect(left).toBeLessThan(minMinor + stepMinor);
      },
    ),
    { numRuns: HISTORIES },
  );
});
