import { Instant, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';
import { payoutReasons } from './domain/payout-reason.js';
import { payoutStatuses } from './domain/payout-state.js';
import { PayoutCurrency } from './payout-account.dto.js';
import type { Payout, PayoutLine } from './payout.queries.js';

export const PayoutViewStatus = z.enum(['upcoming', ...payoutStatuses]).meta({ id: 'PayoutStatus' });
export type PayoutViewStatus = z.output<typeof PayoutViewStatus>;

const PayoutBooking = z
  .object({
    bookingId: Uuid,
    amountMinor: z
      .int()
      .meta({ description: 'Negative: a penalty, or a refund of an amount that was already paid.' }),
  })
  .meta({ id: 'PayoutBooking' });

const payoutFields = {
  status: PayoutViewStatus,
  amountMinor: z.int().meta({ description: 'Negative for an upcoming deduction.' }),
  currency: z.string(),
  provider: z.string().nullable(),
  dueAt: Instant,
  createdAt: Instant.nullable(),
  finishedAt: Instant.nullable(),
  failureCode: z.string().nullable(),
  bookings: z.array(PayoutBooking),
};

export const PayoutView = z
  .object({
    id: Uuid.nullable().meta({ description: 'Null for an upcoming amount, which has no payout yet.' }),
    ...payoutFields,
    reason: z
      .enum(payoutReasons)
      .nullable()
      .meta({ description: 'Why an upcoming amount is not paid, or will not be paid at its date.' }),
    blockedUntil: Instant.nullable().meta({ description: 'When the reason ends, if it is certain.' }),
  })
  .meta({ id: 'Payout' });
export type PayoutView = z.output<typeof PayoutView>;

export const AdminPayoutView = z
  .object({
    id: Uuid,
    hostId: Uuid,
    ...payoutFields,
    providerRef: z.string().nullable(),
    attempt: z.int().meta({ description: 'The number of failures in a row before it, plus one.' }),
    retryAt: Instant.nullable().meta({
      description: 'When the next payout to this account is made after a failure.',
    }),
  })
  .meta({ id: 'AdminPayout' });
export type AdminPayoutView = z.output<typeof AdminPayoutView>;

export const PayoutsQuery = z.strictObject({
  ...PageQuery,
  status: PayoutViewStatus.optional(),
  bookingId: Uuid.optional(),
});
export type PayoutsQuery = z.output<typeof PayoutsQuery>;

export const AdminPayoutsQuery = z.strictObject({
  ...PageQuery,
  status: z.enum(payoutStatuses).optional(),
  hostId: Uuid.optional(),
  currency: PayoutCurrency.optional(),
});
export type AdminPayoutsQuery = z.output<typeof AdminPayoutsQuery>;

export interface PayoutWithLines extends Payout {
  lines: readonly PayoutLine[];
}

const fieldsOf = (payout: PayoutWithLines) => ({
  id: payout.id,
  status: payout.status,
  amountMinor: payout.amountMinor,
  currency: payout.currency,
  provider: payout.provider,
  dueAt: payout.dueAt.toISOString(),
  createdAt: payout.createdAt.toISOString(),
  finishedAt: payout.finishedAt?.toISOString() ?? null,
  failureCode: payout.failureCode,
  bookings: payout.lines.map(({ bookingId, amountMinor }) => ({ bookingId, amountMinor })),
});

export const toPayoutView = (payout: PayoutWithLines): PayoutView => ({
  ...fieldsOf(payout),
  reason: null,
  blockedUntil: null,
});

export const toAdminPayoutView = (payout: PayoutWithLines): AdminPayoutView => ({
  ...fieldsOf(payout),
  hostId: payout.hostId,
  providerRef: payout.providerRef,
  attempt: payout.attempt,
  retryAt: payout.retryAt?.toISOString() ?? null,
});
