import { MAX_MINOR } from '@roost/money';
import { hasVisibleText, Instant, INVISIBLE_TEXT, Uuid } from '@roost/http';
import { z } from 'zod';
import type { Refund } from '../payment/refund.entity.js';

export const RefundPayment = z
  .strictObject({
    amountMinor: z.int().min(1).max(MAX_MINOR),
    reason: z
      .string()
      .trim()
      .min(1)
      .max(500)
      .regex(/^[^\0]*$/, { error: 'Must not contain NUL' })
      .refine(hasVisibleText, INVISIBLE_TEXT)
      .meta({ description: 'An internal note. The guest does not see it.' }),
  })
  .meta({ id: 'RefundPayment' });
export type RefundPayment = z.output<typeof RefundPayment>;

export const RefundView = z
  .object({
    id: Uuid,
    paymentId: Uuid,
    amountMinor: z.int(),
    currency: z.string(),
    status: z.enum(['pending', 'succeeded', 'failed']),
    reason: z.string(),
    createdAt: Instant,
  })
  .meta({ id: 'Refund' });
export type RefundView = z.output<typeof RefundView>;

export const toRefundView = (refund: Refund, currency: string): RefundView => ({
  id: refund.id,
  paymentId: refund.paymentId,
  amountMinor: refund.amountMinor,
  currency,
  status: refund.status,
  reason: refund.note ?? refund.reason,
  createdAt: refund.createdAt.toISOString(),
});
