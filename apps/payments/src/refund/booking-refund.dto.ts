import { REFUND_REASON } from '@roost/contracts';
import { Instant, Page, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';

export const BookingRefund = z
  .object({
    id: Uuid,
    bookingId: Uuid,
    paymentId: Uuid,
    amountMinor: z.int().meta({ description: 'Amount in minor units of the currency.' }),
    currency: z.string(),
    reason: z.enum(Object.values(REFUND_REASON)).meta({
      description: 'booking-ended, booking-changed, or admin for a refund by an administrator.',
    }),
    status: z.enum(['pending', 'succeeded', 'failed']),
    createdAt: Instant,
    finishedAt: Instant.nullable().meta({ description: 'When the provider paid or rejected the refund.' }),
  })
  .meta({ id: 'BookingRefund' });
export type BookingRefund = z.output<typeof BookingRefund>;

export const BookingRefundPage = Page(BookingRefund);

export const BookingRefundsQuery = z.strictObject({ ...PageQuery });
export type BookingRefundsQuery = z.output<typeof BookingRefundsQuery>;
