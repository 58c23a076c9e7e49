import Stripe from 'stripe';
import { z } from 'zod';
import type { ProviderWebhook, WebhookSubject } from '../provider.port.js';
import { fromStripeAmount } from './domain/stripe-amount.js';
import { isInquiry } from './domain/stripe-objects.js';

const LIFETIME_SECONDS = 300;
const HEADER = /^\w+=\w+(?:,\w+=\w+){1,20}$/;
const TIME = /(?:^|,)t=(\d{1,12})(?:,|$)/;

const Ref = z.string().min(1).max(200);
const Webhook = z.object({
  id: Ref,
  type: Ref,
  object: z.string().optional(),
  /** Set for events of a connected account. */
  account: z.string().nullish(),
  livemode: z.boolean().optional(),
  data: z.unknown().optional(),
});
const Data = z.object({
  object: z.object({
    id: Ref,
    object: z.string(),
    amount: z.int().nullish(),
    currency: z.string().nullish(),
    status: z.unknown().optional(),
    payment_intent: Ref.nullish(),
    metadata: z.record(z.string(), z.unknown()).nullish(),
  }),
});
const PaymentId = z.uuid();

/** The kinds of events, the object that they contain, and its subject. */
const HANDLED: readonly { type: RegExp; object: string; subject: WebhookSubject }[] = [
  { type: /^payment_intent\./, object: 'payment_intent', subject: 'payment' },
  { type: /^charge\.refunded$/, object: 'charge', subject: 'payment' },
  { type: /^(?:refund\.|charge\.refund\.updated$)/, object: 'refund', subject: 'payment' },
  { type: /^charge\.dispute\./, object: 'dispute', subject: 'dispute' },
  { type: /^transfer\./, object: 'transfer', subject: 'transfer' },
];

/** Null: the signature is missing, wrong or too old. Throws if the body is no event. */
export function readStripeWebhook(
  rawBody: Buffer,
  signature: string | string[] | undefined,
  secrets: readonly string[],
  now: Date,
): ProviderWebhook | null {
  if (typeof signature !== 'string' || !isSigned(rawBody, signature, secrets, now)) return null;
  const webhook = Webhook.parse(JSON.parse(rawBody.toString()));
  const { id, type, livemode } = webhook;
  const account = livemode === undefined ? null : accountOf(livemode);
  const ignored = { id, type, subject: null, ref: null, paymentId: null, reported: null, account };
  // Thin events contain no object, and the objects of connected accounts are not ours.
  if (webhook.object !== 'event' || (webhook.account ?? null) !== null) return ignored;
  const handled = HANDLED.find((each) => each.type.test(type));
  if (!handled) return ignored;
  const { object } = Data.parse(webhook.data);
  if (object.object !== handled.object) return ignored;
  if (handled.subject === 'dispute' && isInquiry(String(object.status))) return ignored;
  const isPaymentItself = handled.subject !== 'payment' || object.object === 'payment_intent';
  const ref = isPaymentItself ? object.id : (object.payment_intent ?? null);
  // A charge without a PaymentIntent was made by another system.
  if (ref === null) return ignored;
  const paymentId = PaymentId.safeParse(object.metadata?.paymentId).data ?? null;
  return { ...ignored, subject: handled.subject, ref, paymentId, reported: reportedBy(object) };
}

/** A test event for a live key, or the other way round, belongs to another account. */
export const accountOf = (livemode: boolean): string => (livemode ? 'live' : 'test');

function reportedBy({
  object,
  amount,
  currency,
}: z.output<typeof Data>['object']): ProviderWebhook['reported'] {
  if (object !== 'payment_intent' || typeof amount !== 'number' || typeof currency !== 'string') return null;
  const code = currency.toUpperCase();
  return { amountMinor: fromStripeAmount(amount, code), currency: code };
}

/** Several secrets are valid while they are rotated. The library does not reject signatures of the future. */
function isSigned(rawBody: Buffer, header: string, secrets: readonly string[], now: Date): boolean {
  const time = Number(TIME.exec(header)?.[1] ?? 0);
  if (!HEADER.test(header) || time - now.getTime() / 1_000 > LIFETIME_SECONDS) return false;
  return secrets.some((secret) => {
    try {
      const { signature } = Stripe.webhooks;
      const received = now.getTime();
      return signature?.verifyHeader(rawBody, header, secret, LIFETIME_SECONDS, undefined, received) ?? false;
    } catch (error) {
      if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false;
      throw error;
    }
  });
}
