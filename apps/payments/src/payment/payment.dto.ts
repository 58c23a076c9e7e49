import { type AuthUser, Instant, Uuid } from '@roost/http';
import type { Encryption } from '@roost/platform';
import { z } from 'zod';
import { mayStillPay, paymentStatuses } from './domain/payment-state.js';
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
    clientSecret: z.string().nullable().meta({
      description:
        'Returned only to the guest who pays, until the payment is authorized, captured or has ended.',
    }),
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
    returnUrl: z
      .url({ protocol: /^https?$/, error: 'Must be an http or https URL' })
      .max(2_000)
      .optional()
      .meta({
        description:
          'The page that the guest returns to after the bank’s page. Its origin must be one of the configured clients. Default: the configured page of the booking, if any.',
        examples: ['https://app.example.com/bookings/01890000-0000-7000-8000-000000000000'],
      }),
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

export const toPaymentViewWithoutSecrets = (payment: Payment): PaymentView => toPaymentView(payment, null);

/** Only the guest receives the client secret and the redirect URL, and only while they are of use. */
export const toPaymentViewFor = (viewer: AuthUser, payment: Payment, encryption: Encryption): PaymentView =>
  toPaymentView(
    payment,
    payment.guestId === viewer.id && mayStillPay(payment)
      ? (secret) => encryption.decrypt(secret, SECRET_CONTEXT)
      : null,
  );
