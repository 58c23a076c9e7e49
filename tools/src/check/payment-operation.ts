import { randomUUID } from 'node:crypto';
import type { Actor, SimulationContext } from './simulation-context.js';

interface PaymentOptions {
  operation: 'pay' | 'payTwice' | 'payChange';
  /** The number of concurrent requests with one idempotency key. */
  requests: number;
}

/** Confirms the open payment of a booking with a random payment method. */
export async function payForBooking(
  { recorder }: SimulationContext,
  { client, random }: Actor,
  bookingId: string,
  { operation, requests }: PaymentOptions,
): Promise<void> {
  const payment = await client.get<{ id: string }>(`/v1/bookings/${bookingId}/payment`, {
    prefer: 'wait=5',
  });
  if (payment.status !== 200) return recorder.record(operation, payment);
  const paymentMethod = random.pickWeighted({
    pm_card_visa: 82,
    pm_card_chargeDeclined: 8,
    pm_card_chargeDeclinedInsufficientFunds: 5,
    pm_sandbox_timeoutAfterCharge: operation === 'pay' ? 5 : 0,
  });
  const headers = { 'idempotency-key': randomUUID() };
  const confirm = () => client.post(`/v1/payments/${payment.body.id}/confirm`, { paymentMethod }, headers);
  await Promise.all(Array.from({ length: requests }, () => recorder.run(operation, confirm)));
}
