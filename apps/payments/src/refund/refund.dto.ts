import { MAX_MINOR } from '@roost/money';
import { ReasonText } from '@roost/audit';
import { Instant, Uuid } from '@roost/http';
import { z } from 'zod';
import { refundBearers } from '../ledger/domain/refund-bearer.js';
import type { Refund } from '../payment/refund.entity.js';

export const RefundPayment = z
  .strictObject({
    amountMinor: z.int().min(1).max(MAX_MINOR),
    reason: ReasonText.meta({ description: 'An internal note. The guest does not see it.' }),
    bearer: z.enum(refundBearers).optional().meta({
      description:
        'Who bears the refund: all parties in proportion (the default), the platform alone (also above its share), or the host alone (at most the share of this payment).',
    }),
  })
  .meta({ id: 'RefundPayment' });
export type RefundPayment = z.output<typeof RefundPayment>;

export const SettleRefund = z
  .strictObject({
    amountMinor: z.int().min(1).max(MAX_MINOR).meta({
      description: 'What the platform pays the guest: all that is still due of the failed refund.',
    }),
    reason: ReasonText.meta({
      description: 'An internal note for the audit log, such as the reference of the bank transfer.',
    }),
  })
  .meta({ id: 'SettleRefund' });
export type SettleRefund = z.output<typeof SettleRefund>;

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
