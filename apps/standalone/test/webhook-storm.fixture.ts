import { eventually, inLanes } from '@roost/testing';
import type { Marketplace } from './marketplace.fixture.js';
import type { SandboxControl } from './sandbox-control.fixture.js';

const LANES = 4;
/** QUALITY.md, acceptance 5. */
const RECONCILED_WITHIN_SECONDS = 300;

const KINDS = ['pays', 'pays at the bank', 'fails at the bank', 'pays and cancels'] as const;

const STATUS_AFTER: Record<(typeof KINDS)[number], string> = {
  pays: 'captured',
  'pays at the bank': 'captured',
  'fails at the bank': 'requires_payment_method',
  'pays and cancels': 'refunded',
};

/** Payments of every kind while a tenth of the webhooks is lost, and the others arrive one to five times in any order. */
export async function payDuringWebhookStorm(
  market: Marketplace,
  sandbox: SandboxControl,
  payments: number,
): Promise<void> {
  const expected: { id: string; status: string }[] = [];
  await sandbox.switches({ drop: 0.1, copies: 5, shuffleMs: 800 });
  const payAndExpect = async (number: number): Promise<void> => {
    const kind = KINDS[number % KINDS.length]!;
    const { booking, payment } = await market.book();
    const isAtBank = kind === 'pays at the bank' || kind === 'fails at the bank';
    const method = isAtBank ? 'pm_card_authenticationRequired' : 'pm_card_visa';
    const { status, body } = await market.confirm(payment.id, method);
    expect(status).toBe(200);
    if (isAtBank)
      await sandbox.answerBank(body.redirectUrl, kind === 'pays at the bank' ? 'approve' : 'refuse');
    if (kind === 'pays and cancels') {
      await market.becomes(booking.id, 'confirmed');
      const cancelled = await market.guest.post(`/v1/bookings/${booking.id}/cancel`, {
        reason: 'Plans changed',
      });
      expect(cancelled.status).toBe(200);
    }
    expected.push({ id: payment.id, status: STATUS_AFTER[kind] });
  };
  await inLanes(Array(payments).keys(), LANES, payAndExpect);
  // 24 payments have some forty webhooks: about once in a hundred runs, none of them is lost.
  for (let number = payments; (await sandbox.lostWebhooks()) === 0; number++) await payAndExpect(number);
  const deadline = performance.now() + RECONCILED_WITHIN_SECONDS * 1_000;
  for (const { id, status } of expected) {
    await eventually(
      async () => {
        const { body } = await market.guest.get<{ status: string }>(`/v1/payments/${id}`);
        expect({ id, status: body.status }).toEqual({ id, status });
      },
      { seconds: (deadline - performance.now()) / 1_000 },
    );
  }
  await sandbox.switches({});
}
