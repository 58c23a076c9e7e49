import { z } from 'zod';
import { Code, Currency, Id, Instant, Minor, Provider, topic } from './define.js';

/** The `reason` of `payment.refunded`; `goodwill`: a manual refund by an administrator. */
export const REFUND_REASON = {
  bookingEnded: 'booking-ended',
  bookingChanged: 'booking-changed',
  goodwill: 'admin',
} as const;

/** The `code` of `payment.failed` if no provider is configured for the currency and country: there is nothing to retry. */
export const NO_PROVIDER = 'no_provider';

const dispute = { disputeId: Id };

export const paymentEvents = topic(
  { topic: 'payments.payment', kind: 'fact', key: 'paymentId' },
  {
    paymentId: Id,
    bookingId: Id,
    changeId: Id.nullable(),
    guestId: Id,
    hostId: Id,
    purpose: z.enum(['booking', 'change']),
    status: z.enum([
      'requires_payment_method',
      'requires_action',
      'processing',
      'authorized',
      'captured',
      'partially_refunded',
      'refunded',
      'voided',
      'failed',
      'disputed',
    ]),
    provider: Provider,
    currency: Currency,
    amountMinor: Minor,
    authorizedMinor: Minor,
    capturedMinor: Minor,
    refundedMinor: Minor,
  },
  {
    'payment.created': {},
    'payment.action-required': {},
    'payment.authorized': { captureBefore: Instant },
    'payment.captured': { capturedAt: Instant },
    'payment.failed': { code: Code },
    'payment.voided': {},
    'payment.refunded': {
      refundId: Id,
      refundAmountMinor: Minor,
      reason: Code,
      /** It repeats a refund that was published before and that the guest's bank has returned. Optional: older events lack it. */
      repeated: z.boolean().optional(),
      /** The platform pays it without the provider, as by a bank transfer. Optional: older events lack it. */
      paidOutOfBand: z.boolean().optional(),
    },
    'payment.disputed': dispute,
    'payment.dispute-won': dispute,
    'payment.dispute-lost': dispute,
  },
);

export const payoutEvents = topic(
  { topic: 'payments.payout', kind: 'fact', key: 'payoutId' },
  {
    payoutId: Id,
    hostId: Id,
    currency: Currency,
    amountMinor: Minor,
    bookingIds: z.array(Id),
    dueAt: Instant,
  },
  {
    'payout.scheduled': {},
    'payout.paid': {},
    'payout.failed': {
      code: Code,
      /** From 1 on: the number of failures in a row, with this one. Optional: older events lack it. */
      attempt: z.int().min(1).optional(),
    },
  },
);

/** A host has set the account for payouts of a currency. Without the account itself, which is a secret of the host. */
export const payoutAccountEvents = topic(
  { topic: 'payments.payout-account', kind: 'fact', key: 'hostId' },
  { hostId: Id, currency: Currency, provider: Provider, usableAt: Instant },
  { 'payout-account.changed': {} },
);
