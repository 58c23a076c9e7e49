import { Instant, IsoDate, Page, PageQuery, Uuid } from '@roost/http';
import { isCurrency } from '@roost/money';
import { z } from 'zod';
import { transactionKinds, transactionRoles } from './domain/movement-kind.js';

export const TransactionRole = z.enum(transactionRoles).meta({ id: 'TransactionRole' });
export const TransactionKind = z.enum(transactionKinds).meta({ id: 'TransactionKind' });
export const CurrencyCode = z
  .string()
  .regex(/^[A-Z]{3}$/, { error: 'Must be an ISO 4217 code, such as USD' })
  .refine(isCurrency, { error: 'Must be an ISO 4217 code, such as USD' });

/** PostgreSQL has no year 0. */
const UtcDate = IsoDate.refine((date) => date >= '2000-01-01', { error: 'Must be 2000-01-01 or later' });

export const TransactionView = z
  .object({
    id: z.string().meta({ description: 'Unique and stable.' }),
    kind: TransactionKind,
    amountMinor: z.int().meta({
      description:
        'In minor units of the currency. For a guest, charges are negative and refunds positive. For a host, the change of the balance: earnings are positive; refunds, penalties, claw-backs and payouts are negative.',
    }),
    currency: z.string(),
    occurredAt: Instant,
    reversal: z.boolean().meta({
      description:
        'It undoes an earlier one: a failed refund or payout, or a paid refund that the bank of the guest has returned.',
    }),
    bookingId: Uuid.nullable(),
    paymentId: Uuid.nullable(),
    sourceId: z.string().meta({
      description:
        'The payment of a charge or earning, the refund, the booking of a penalty, the dispute of a claw-back, or the payout.',
    }),
  })
  .meta({ id: 'Transaction' });
export type TransactionView = z.output<typeof TransactionView>;
export const TransactionPage = Page(TransactionView);

/** The filters of a list of transactions, apart from the page. */
export const transactionFilter = {
  role: TransactionRole.default('guest'),
  kind: TransactionKind.optional(),
  bookingId: Uuid.optional(),
  currency: CurrencyCode.optional(),
  from: UtcDate.optional().meta({ description: 'The first date, in UTC.' }),
  to: UtcDate.optional().meta({ description: 'The first date that is not included, in UTC.' }),
};

export const MyTransactionsQuery = z.strictObject({ ...PageQuery, ...transactionFilter });
export type MyTransactionsQuery = z.output<typeof MyTransactionsQuery>;
