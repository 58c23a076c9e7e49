import { Instant, Uuid } from '@roost/http';
import { z } from 'zod';

export const differenceKinds = [
  'ledger.unbalanced',
  'ledger.payment_differs',
  'provider.unknown_payment',
  'provider.missing_payment',
  'provider.amount_differs',
  'booking.confirmed_unpaid',
  'booking.ended_but_captured',
  'booking.undecided',
  'booking.split_differs',
  'refund.refused',
  'operation.stuck',
  'webhook.stuck',
] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

export const Difference = z
  .object({
    kind: z.enum(differenceKinds),
    paymentId: Uuid.nullable(),
    providerRef: z.string().nullable(),
    currency: z.string().nullable(),
    expectedMinor: z.int().nullable(),
    foundMinor: z.int().nullable(),
    detail: z.string(),
    action: z.string().meta({ description: 'What to do about it' }),
  })
  .meta({ id: 'Difference' });
export type Difference = z.output<typeof Difference>;

export const Reconciliation = z
  .object({
    checkedAt: Instant,
    payments: z.int(),
    providerPayments: z.int(),
    movements: z.int(),
    balanced: z.boolean(),
    differences: z.array(Difference),
  })
  .meta({ id: 'Reconciliation' });
export type Reconciliation = z.output<typeof Reconciliation>;

const actions: Record<DifferenceKind, string> = {
  'ledger.unbalanced':
    'Stop payouts and find the movement: the ledger is append-only, correct it by a movement back.',
  'ledger.payment_differs':
    'Compare the transactions of this payment with its refunds and post what is missing.',
  'provider.unknown_payment': 'Refund or cancel it at the provider: nobody here knows who it is for.',
  'provider.missing_payment':
    'Look it up at the provider by its reference; check that this is the right account.',
  'provider.amount_differs':
    'Read the payment at the provider; what was done there by hand is to be entered here.',
  'booking.confirmed_unpaid': 'Ask the provider for the payment; cancel the booking if there is no money.',
  'booking.ended_but_captured': 'Refund it with POST /v1/admin/payments/{id}/refunds.',
  'booking.undecided':
    'See whether bookings is running and has parked events: it decides about a late payment.',
  'booking.split_differs':
    'Compare the events of this booking with its payments and refunds; post or refund what is missing.',
  'refund.refused': 'Refund it another way, or again with POST /v1/admin/payments/{id}/refunds.',
  'operation.stuck': 'See whether the provider is reachable; it is tried again by itself.',
  'webhook.stuck': 'See whether the provider is reachable; it is tried again by itself.',
};

export const difference = (
  kind: DifferenceKind,
  detail: string,
  about: Partial<Omit<Difference, 'kind' | 'detail' | 'action'>> = {},
): Difference => ({
  kind,
  paymentId: null,
  providerRef: null,
  currency: null,
  expectedMinor: null,
  foundMinor: null,
  ...about,
  detail,
  action: actions[kind],
});
