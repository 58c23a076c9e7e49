import { type AuthUser, Instant, Uuid } from '@roost/http';
import type { Encryption } from '@roost/platform';
import { z } from 'zod';
import { paymentStatuses } from './domain/payment-state.js';
import type { Payment } from './payment.entity.js';

/** The encryption context of the secret columns of a payment. */
export const SECRET_CONTEXT = 'payment.secret';

const Minor = z.int().meta({ description: 'Amount in minor units of the currency.' });

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
    clientSecret: z.string().nullable().meta({ description: 'Returned only to the guest who pays.' }),
    redirectUrl: z
      .string()
      .nullable()
      .meta({ description: 'The URL to send the guest to when the status is requires_action.' }),
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
      .regex(/^pm_[A-Za-z0-9_]{1,96}$/, {
        error: 'Must be the name of a payment method, such as pm_card_visa',
      })
      .meta({ examples: ['pm_card_visa'] }),
  })
  .meta({ id: 'ConfirmPayment' });
export type ConfirmPayment = z.output<typeof ConfirmPayment>;

/** `decrypt` decrypts the guest's secrets; null omits them. */
const toPaymentView = (payment: Payment, decrypt: ((secret: string) => string) | null): PaymentView => ({
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
  clientSecret: decrypt && payment.clientSecret ? decrypt(payment.clientSecret) : null,
  redirectUrl: decrypt && payment.redirectUrl ? decrypt(payment.redirectUrl) : null,
  failureCode: payment.failureCode,
  expiresAt: payment.expiresAt?.toISOString() ?? null,
  createdAt: payment.createdAt.toISOString(),
});

/** Only the guest receives the client secret and the redirect URL. */
export const toPaymentViewFor = (viewer: AuthUser, payment: Payment, encryption: Encryption): PaymentView =>
  toPaymentView(
    payment,
    payment.guestId === viewer.id ? (secret) => encryption.decrypt(secret, SECRET_CONTEXT) : null,
  );
