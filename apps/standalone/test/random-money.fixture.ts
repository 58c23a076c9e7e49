import { randomUUID } from 'node:crypto';
import { eventually, inLanes, type TestClient } from '@roost/testing';
import fc from 'fast-check';
import { type Booking, dayAhead, type Marketplace, type Payment } from './marketplace.fixture.js';
import type { Operator } from './operator.fixture.js';
import type { SandboxControl } from './sandbox-control.fixture.js';

const LANES = 4;
const TIMEOUT = { seconds: 120 };

type Step =
  | { kind: 'refund'; amountMinor: number }
  | { kind: 'dispute'; step: 'open' | 'won' | 'lost'; amountMinor: number }
  | { kind: 'change'; nights: number }
  | { kind: 'cancel'; by: 'guest' | 'host' };

const kind = <K extends Step['kind']>(name: K) => fc.constant(name);
const amountMinor = fc.integer({ min: 1, max: 20_000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: kind('refund'), amountMinor }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind('dispute'),
      step: fc.constantFrom('open' as const, 'won' as const, 'lost' as const),
      amountMinor,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind('change'), nights: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: kind('cancel'), by: fc.constantFrom('guest' as const, 'host' as const) }),
  },
);

/** Sequences of which each step must succeed. The first and the last one once ended in a difference. */
const EXAMPLES: Step[][] = [
  // The loss of the dispute reduces the refund of the change.
  [
    { kind: 'change', nights: 5 },
    { kind: 'dispute', step: 'open', amountMinor: 11_306 },
    { kind: 'change', nights: 4 },
    { kind: 'dispute', step: 'lost', amountMinor: 11_306 },
  ],
  [
    { kind: 'refund', amountMinor: 1_000 },
    { kind: 'dispute', step: 'open', amountMinor: 500 },
    { kind: 'dispute', step: 'won', amountMinor: 500 },
    { kind: 'cancel', by: 'host' },
  ],
  // The bank returns again what was refunded.
  [
    { kind: 'cancel', by: 'host' },
    { kind: 'dispute', step: 'open', amountMinor: 5_000 },
    { kind: 'dispute', step: 'lost', amountMinor: 5_000 },
  ],
];

interface Parts {
  market: Marketplace;
  operator: Operator;
  sandbox: SandboxControl;
  anyone: TestClient;
}

/** Random sequences for paid bookings: refunds, disputes, changes and cancellations, then the payouts to the host. */
export class RandomMoney {
  private lastCheckOutDate = dayAhead(0);

  constructor(private readonly parts: Parts) {}

  async run(sequences: number, seed: number): Promise<void> {
    const { market } = this.parts;
    const account = { provider: 'sandbox', currency: 'EUR', reference: `acct_${randomUUID().slice(0, 8)}` };
    expect((await market.host.put('/v1/me/payout-account', account)).status).toBe(200);
    const random = fc.sample(fc.array(step, { minLength: 1, maxLength: 6 }), { numRuns: sequences, seed });
    await inLanes([...EXAMPLES, ...random], LANES, async (steps) => {
      const { booking, payment } = await market.bookAndPay();
      for (const each of steps) {
        const succeeded = await this.runStep(each, booking, payment);
        if (EXAMPLES.includes(steps)) expect({ ...each, succeeded }).toEqual({ ...each, succeeded: true });
      }
      const { body } = await market.guest.get<Booking>(`/v1/bookings/${booking.id}`);
      if (body.checkOutDate > this.lastCheckOutDate) this.lastCheckOutDate = body.checkOutDate;
    });
    await this.closeDisputes();
  }

  /** After the last stay, everything that the host has earned is paid. */
  async payHosts(): Promise<void> {
    const { anyone, market, operator } = this.parts;
    const days = Math.ceil((Date.parse(this.lastCheckOutDate) - Date.now()) / 86_400_000) + 3;
    expect((await anyone.post('/dev/clock', { advance: `P${days}D` })).status).toBe(200);
    await eventually(async () => {
      const { body } = await market.host.get<{ data: { status: string; amountMinor: number }[] }>(
        '/v1/me/payouts?limit=100',
      );
      expect(body.data.some(({ status }) => status === 'paid')).toBe(true);
      expect(body.data.filter(({ status, amountMinor }) => status !== 'paid' && amountMinor > 0)).toEqual([]);
    }, TIMEOUT);
    const twice = await operator.query(
      'payments',
      `SELECT l.booking_id FROM payout_line l JOIN payout p ON p.id = l.payout_id WHERE p.status = 'paid'
       GROUP BY l.booking_id HAVING sum(l.amount_minor) > (
         SELECT coalesce(sum(m.amount_minor), 0) FROM movement m JOIN ledger_account c ON c.id = m.credit_id
         JOIN ledger_account d ON d.id = m.debit_id
         WHERE m.booking_id = l.booking_id AND c.code = 'host_payable' AND d.code <> 'payout_in_transit'
           AND m.key NOT LIKE 'refund:%:failed')`,
    );
    expect(twice).toEqual([]);
  }

  /** Whether the money's state allowed the step. */
  private async runStep(each: Step, booking: Booking, payment: Payment): Promise<boolean> {
    const { market, sandbox } = this.parts;
    switch (each.kind) {
      case 'refund': {
        const body = { amountMinor: each.amountMinor, reason: 'A complaint' };
        const { status } = await market.admin.post(`/v1/admin/payments/${payment.id}/refunds`, body);
        expect([201, 409]).toContain(status);
        return status === 201;
      }
      case 'dispute':
        return sandbox.dispute(await this.intentOf(payment.id), each.step, each.amountMinor);
      case 'change':
        return this.change(booking, each.nights);
      case 'cancel': {
        const body = { reason: 'Plans changed' };
        const { status } = await market[each.by].post(`/v1/bookings/${booking.id}/cancel`, body);
        expect([200, 409]).toContain(status);
        return status === 200;
      }
    }
  }

  /** The guest proposes another number of nights, the host accepts, and the guest pays a difference. */
  private async change({ id, checkInDate }: Booking, nights: number): Promise<boolean> {
    const { market } = this.parts;
    const checkOutDate = new Date(Date.parse(checkInDate) + nights * 86_400_000).toISOString().slice(0, 10);
    const proposed = await market.guest.post<{ id: string }>(`/v1/bookings/${id}/changes`, { checkOutDate });
    // The same dates as before are 422; a cancelled booking and one with an open change are 409.
    expect([201, 409, 422]).toContain(proposed.status);
    if (proposed.status !== 201) return false;
    const path = `/v1/bookings/${id}/changes/${proposed.body.id}`;
    const accepted = await market.host.post<{ state: string }>(`${path}/accept`);
    expect(accepted.status).toBe(200);
    if (accepted.body.state !== 'awaiting_payment') return true;
    await eventually(async () => {
      const { id: due, status } = await market.paymentOf(id);
      expect(status).toBe('requires_payment_method');
      expect((await market.confirm(due, 'pm_card_visa')).status).toBe(200);
    }, TIMEOUT);
    await eventually(async () => {
      const { body } = await market.guest.get<{ state: string }>(path);
      expect(body.state).toBe('applied');
    }, TIMEOUT);
    return true;
  }

  /** Banks decide the open disputes, half of them for the guest. */
  private async closeDisputes(): Promise<void> {
    const { operator, sandbox } = this.parts;
    const open = await operator.query<{ ref: string }>(
      'sandbox',
      `SELECT DISTINCT intent_id AS ref FROM dispute WHERE status = 'open' ORDER BY 1`,
    );
    for (const [index, { ref }] of open.entries())
      await sandbox.dispute(ref, index % 2 === 0 ? 'won' : 'lost');
  }

  private async intentOf(paymentId: string): Promise<string> {
    const { body } = await this.parts.market.admin.get<{ providerRef: string }>(
      `/v1/admin/payments/${paymentId}`,
    );
    return body.providerRef;
  }
}
