import { createHmac } from 'node:crypto';

export const STRIPE_WEBHOOK_SECRET = 'whsec_of_the_specs';

/** The header `Stripe-Signature`, computed without Stripe's library. */
export function sign(
  body: string,
  { secret = STRIPE_WEBHOOK_SECRET, at = Math.floor(Date.now() / 1_000) } = {},
): string {
  return `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}`;
}
