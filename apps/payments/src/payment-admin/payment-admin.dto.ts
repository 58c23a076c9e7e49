import { documentedNumber, FilterText, Instant, Page, PageQuery, Uuid } from '@roost/http';
import { MAX_MINOR } from '@roost/money';
import { z } from 'zod';
import { LedgerTransactionView } from '../ledger/ledger.dto.js';
import type { PaymentOperation } from '../operation/operation.entity.js';
import { paymentStatuses } from '../payment/domain/payment-state.js';
import type { Payment } from '../payment/payment.entity.js';
import type { Refund } from '../payment/refund.entity.js';
import { PROVIDER_NAMES } from '../provider/provider.port.js';
import { WebhookView } from '../webhook/webhook-admin.dto.js';

const Minor = z.int().meta({ description: 'Amount in minor units of the currency.' });

export const AdminPaymentView = z
  .object({
    id: Uuid,
    bookingId: Uuid,
    changeId: Uuid.nullable(),
    purpose: z.enum(['booking', 'change']),
    guestId: Uuid,
    hostId: Uuid,
    provider: z.enum(PROVIDER_NAMES),
    providerRef: z.string().nullable(),
    status: z.enum(paymentStatuses),
    goal: z
      .enum(['pay', 'capture', 'expire', 'release'])
      .meta({ description: 'What the booking requires of the payment.' }),
    confirmed: z.boolean().meta({ description: 'The booking has been confirmed.' }),
    currency: z.string(),
    amountMinor: Minor,
    hostMinor: Minor,
    platformMinor: Minor,
    taxMinor: Minor,
    authorizedMinor: Minor,
    capturedMinor: Minor,
    refundReservedMinor: Minor,
    refundedMinor: Minor,
    refundedOutOfBandMinor: Minor.meta({
      description: 'The part of the refunded amount that was paid without the provider.',
    }),
    failureCode: z.string().nullable(),
    captureBefore: Instant.nullable(),
    capturedAt: Instant.nullable(),
    expiresAt: Instant.nullable(),
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: 'AdminPayment' });
export type AdminPaymentView = z.output<typeof AdminPaymentView>;

export const AdminPaymentPage = Page(AdminPaymentView);

export const PaymentOperationView = z
  .object({
    id: Uuid,
    paymentId: Uuid,
    refundId: Uuid.nullable(),
    kind: z.string().meta({ examples: ['create', 'confirm', 'capture', 'void', 'refund'] }),
    status: z.enum(['pending', 'done', 'failed']),
    failureCode: z.string().nullable(),
    tries: z.int(),
    dueAt: Instant.nullable().meta({ description: 'The next try of a pending operation.' }),
    createdAt: Instant,
    finishedAt: Instant.nullable(),
  })
  .meta({ id: 'PaymentOperation' });
export type PaymentOperationView = z.output<typeof PaymentOperationView>;

export const PaymentOperationPage = Page(PaymentOperationView);

const AdminRefundView = z
  .object({
    id: Uuid,
    cause: z.string(),
    reason: z.string(),
    note: z.string().nullable(),
    requestedBy: Uuid.nullable(),
    amountMinor: Minor,
    hostMinor: Minor,
    platformMinor: Minor,
    taxMinor: Minor,
    status: z.enum(['pending', 'succeeded', 'failed']),
    providerRef: z.string().nullable(),
    paidOutOfBand: z.boolean().meta({ description: 'The platform has paid it without the provider.' }),
    failureCode: z.string().nullable(),
    createdAt: Instant,
    finishedAt: Instant.nullable(),
  })
  .meta({ id: 'AdminRefund' });

export const AdminPaymentDetails = AdminPaymentView.extend({
  operations: z.array(PaymentOperationView),
  refunds: z.array(AdminRefundView),
  webhooks: z.array(WebhookView),
  transactions: z.array(LedgerTransactionView),
}).meta({ id: 'AdminPaymentDetails', description: 'At most 100 entries per list, the newest.' });
export type AdminPaymentDetails = z.output<typeof AdminPaymentDetails>;

const MinorParameter = z
  .string()
  .regex(/^\d{1,15}$/, { error: 'Must be a whole number' })
  .pipe(z.coerce.number<string>().int().max(MAX_MINOR))
  .meta(documentedNumber('integer', 0, MAX_MINOR));

export const AdminPaymentsQuery = z.strictObject({
  ...PageQuery,
  status: z.enum(paymentStatuses).optional(),
  provider: z.enum(PROVIDER_NAMES).optional(),
  id: Uuid.optional(),
  providerRef: FilterText(255)
    .optional()
    .meta({ description: 'The reference of the payment at its provider.' }),
  bookingId: Uuid.optional(),
  guestId: Uuid.optional(),
  hostId: Uuid.optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, { error: 'Must be a currency code, such as EUR' })
    .optional(),
  from: Instant.optional().meta({ description: 'Created at or after this instant.' }),
  to: Instant.optional().meta({ description: 'Created before this instant.' }),
  minAmountMinor: MinorParameter.optional(),
  maxAmountMinor: MinorParameter.optional(),
});
export type AdminPaymentsQuery = z.output<typeof AdminPaymentsQuery>;

export const PaymentOperationsQuery = z.strictObject({
  ...PageQuery,
  status: z.enum(['pending', 'failed']).default('pending'),
  paymentId: Uuid.optional(),
  from: Instant.optional().meta({ description: 'Created at or after this instant.' }),
  to: Instant.optional().meta({ description: 'Created before this instant.' }),
  order: z
    .enum(['newest', 'oldest'])
    .default('newest')
    .meta({ description: 'The order by creation. `oldest` begins with what is stuck the longest.' }),
});
export type PaymentOperationsQuery = z.output<typeof PaymentOperationsQuery>;

const instantOf = (date: Date | null): string | null => date?.toISOString() ?? null;

/** Without the guest's secrets. */
export const toAdminPaymentView = (payment: Payment): AdminPaymentView => ({
  id: payment.id,
  bookingId: payment.bookingId,
  changeId: payment.changeId,
  purpose: payment.purpose,
  guestId: payment.guestId,
  hostId: payment.hostId,
  provider: payment.provider,
  providerRef: payment.providerRef,
  status: payment.status,
  goal: payment.goal,
  confirmed: payment.confirmed,
  currency: payment.currency,
  amountMinor: payment.amountMinor,
  hostMinor: payment.hostMinor,
  platformMinor: payment.platformMinor,
  taxMinor: payment.taxMinor,
  authorizedMinor: payment.authorizedMinor,
  capturedMinor: payment.capturedMinor,
  refundReservedMinor: payment.refundReservedMinor,
  refundedMinor: payment.refundedMinor,
  refundedOutOfBandMinor: payment.refundedOutOfBandMinor,
  failureCode: payment.failureCode,
  captureBefore: instantOf(payment.captureBefore),
  capturedAt: instantOf(payment.capturedAt),
  expiresAt: instantOf(payment.expiresAt),
  createdAt: payment.createdAt.toISOString(),
  updatedAt: payment.updatedAt.toISOString(),
});

export const toOperationView = (operation: PaymentOperation): PaymentOperationView => ({
  id: operation.id,
  paymentId: operation.paymentId,
  refundId: operation.refundId,
  kind: operation.kind,
  status: operation.status,
  failureCode: operation.failureCode,
  tries: operation.tries,
  dueAt: operation.status === 'pending' ? operation.dueAt.toISOString() : null,
  createdAt: operation.createdAt.toISOString(),
  finishedAt: instantOf(operation.finishedAt),
});

export const toAdminRefundView = (refund: Refund): z.output<typeof AdminRefundView> => ({
  id: refund.id,
  cause: refund.cause,
  reason: refund.reason,
  note: refund.note,
  requestedBy: refund.requestedBy,
  amountMinor: refund.amountMinor,
  hostMinor: refund.hostMinor,
  platformMinor: refund.platformMinor,
  taxMinor: refund.taxMinor,
  status: refund.status,
  providerRef: refund.providerRef,
  paidOutOfBand: refund.paidOutOfBand,
  failureCode: refund.failureCode,
  createdAt: refund.createdAt.toISOString(),
  finishedAt: instantOf(refund.finishedAt),
});
