import { Instant, Uuid } from '@roost/http';
import { z } from 'zod';
import { MONTH } from './domain/month.js';
import { CurrencyCode, TransactionKind } from './transaction.dto.js';

const Minor = z.int().meta({ description: 'Amount in minor units of the currency.' });
const OptionalMinor = (description: string) => z.int().nullable().meta({ description });

export const Month = z
  .string()
  .regex(MONTH, { error: 'Must be a month, YYYY-MM' })
  .meta({ examples: ['2030-05'] });

export const StatementMonth = z
  .object({
    month: z.string(),
    currency: z.string(),
    openingMinor: Minor,
    closingMinor: Minor,
    entries: z.int(),
  })
  .meta({ id: 'StatementMonth' });
export type StatementMonth = z.output<typeof StatementMonth>;

export const StatementMonths = z.object({ data: z.array(StatementMonth) }).meta({ id: 'StatementMonthList' });
export type StatementMonths = z.output<typeof StatementMonths>;

export const StatementEntry = z
  .object({
    occurredAt: Instant,
    kind: TransactionKind,
    reversal: z.boolean(),
    bookingId: Uuid.nullable(),
    listingTitle: z.string().nullable(),
    sourceId: z.string(),
    grossMinor: OptionalMinor('The price of an earning before the host fee; null if it is unknown.'),
    hostFeeMinor: OptionalMinor('The host fee of an earning; null if it is unknown.'),
    taxMinor: OptionalMinor('The taxes of an earning, which the platform remits.'),
    amountMinor: Minor.meta({ description: 'The change of the balance.' }),
  })
  .meta({ id: 'StatementEntry' });
export type StatementEntry = z.output<typeof StatementEntry>;

export const CurrencyStatement = z
  .object({
    currency: z.string(),
    openingMinor: Minor,
    earningsMinor: Minor,
    refundsMinor: Minor,
    penaltiesMinor: Minor,
    clawBacksMinor: Minor,
    payoutsMinor: Minor,
    adjustmentsMinor: Minor,
    closingMinor: Minor.meta({ description: 'The opening balance and the sum of the entries.' }),
    entries: z.array(StatementEntry),
  })
  .meta({ id: 'CurrencyStatement' });
export type CurrencyStatement = z.output<typeof CurrencyStatement>;

export const Statement = z
  .object({
    month: z.string(),
    from: Instant,
    to: Instant.meta({ description: 'The first instant of the next month. Months are in UTC.' }),
    final: z.boolean().meta({ description: 'False until the month has ended.' }),
    statements: z.array(CurrencyStatement).meta({ description: 'One per currency.' }),
  })
  .meta({ id: 'Statement' });
export type Statement = z.output<typeof Statement>;

export const StatementQuery = z.strictObject({ currency: CurrencyCode.optional() });
export type StatementQuery = z.output<typeof StatementQuery>;
