import { Instant, Page, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';
import { accountCodes } from './domain/posting.js';

const Minor = z.int().meta({ description: 'Amount in minor units of the currency.' });
const Code = z.enum(accountCodes);
const Side = z.object({ code: Code, ownerId: Uuid.nullable() });

export const LedgerAccountView = z
  .object({
    code: Code,
    ownerId: Uuid.nullable(),
    currency: z.string(),
    debitMinor: Minor,
    creditMinor: Minor,
    balanceMinor: Minor.meta({ description: 'Debits minus credits.' }),
  })
  .meta({ id: 'LedgerAccount' });
export type LedgerAccountView = z.output<typeof LedgerAccountView>;

export const LedgerTransactionView = z
  .object({
    key: z.string(),
    paymentId: Uuid.nullable(),
    bookingId: Uuid.nullable(),
    currency: z.string(),
    occurredAt: Instant,
    movements: z.array(z.object({ debit: Side, credit: Side, amountMinor: Minor })),
  })
  .meta({ id: 'LedgerTransaction' });
export type LedgerTransactionView = z.output<typeof LedgerTransactionView>;

export const LedgerAccountPage = Page(LedgerAccountView);
export const LedgerTransactionPage = Page(LedgerTransactionView);

export const AccountsQuery = z.strictObject({ ...PageQuery });
export type AccountsQuery = z.output<typeof AccountsQuery>;

export const TransactionsQuery = z.strictObject({
  ...PageQuery,
  bookingId: Uuid.optional(),
  paymentId: Uuid.optional(),
});
export type TransactionsQuery = z.output<typeof TransactionsQuery>;
