import { type AuthUser, Instant, Uuid } from '@roost/http';
import type { Encryption } from '@roost/platform';
import { z } from 'zod';
import { paymentStatuses } from './domain/payment-state.js';
import type { Payment } from './payment.entity.js';

/** What the encrypted columns of a payment are bound to. */
export const SECRET_CONTEXT = 'payment.secret';

const Minor = z.int().meta({ description: 'Minor units of the currency' });

export const PaymentView = z
  .object({
    id: Uuid,
    bookingId: Uuid,
    purpose: z.enum(['booking', 'change']),
    status: z.enum(paymentStatuses),
    amountMinor: Minor,
    authorizedMinor: Minor,
    capturedMinor: Minor,
    refundedMinor: Minor,
    currency: z.string(),
    provider: z.string(),
    clientSecret: z.string().nullable().meta({ description: 'For the guest who pays only' }),
    redirectUrl: z
      .string()
      .nullable()
      .meta({ description: 'Where the guest goes when the status is requires_action' }),
    failureCode: z.string().nullable(),
    expiresAt: Instant.nullable(),
    createdAt: Instant,
  })
  .meta({ id: 'Payment' });
export type PaymentView = z.output<typeof PaymentView>;

export const ConfirmPayment = z
  .strictObject({
    paymentMethod: z
      .string()
      .regex(/^pm_[A-Za-z0-9_]{1,96}$/, { error: 'Must be the name of a payment method, as pm_card_visa' })
      .meta({ examples: ['pm_card_visa'] }),
  })
  .meta({ id: 'ConfirmPayment' });
export type ConfirmPayment = z.output<typeof ConfirmPayment>;

/** `reveal` opens the guest's secrets; give null for everybody else. */
export const toPaymentView = (
  payment: Payment,
  reveal: ((secret: string) => string) | null,
): PaymentView => ({
  id: payment.id,
  bookingId: payment.bookingId,
  purpose: payment.purpose,
  status: payment.status,
  amountMinor: payment.amountMinor,
  authorizedMinor: payment.authorizedMinor,
  capturedMinor: payment.capturedMinor,
  refundedMinor: payment.refundedMinor,
  currency: payment.currency,
  provider: payment.provider,
  clientSecret: reveal && payment.clientSecret ? reveal(payment.clientSecret) : null,
  redirectUrl: reveal && payment.redirectUrl ? reveal(payment.redirectUrl) : null,
  failureCode: payment.failureCode,
  expiresAt: payment.expiresAt?.toISOString() ?? null,
  createdAt: payment.createdAt.toISOString(),
});

/** Only its guest gets what one pays with. */
export const paymentSeenBy = (viewer: AuthUser, payment: Payment, encryption: Encryption): PaymentView =>
  toPaymentView(
    payment,
    payment.guestId === viewer.id ? (secret) => encryption.decrypt(secret, SECRET_CONTEXT) : null,
  );
