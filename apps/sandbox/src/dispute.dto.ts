import { z } from 'zod';
import type { DisputeRow } from './dispute.queries.js';
import { amount, text } from './intent.dto.js';

export const OpenDispute = z.strictObject({
  /** By default the amount that is neither refunded nor disputed. */
  amountMinor: amount.optional(),
  reason: text(100).default('fraudulent'),
});
export type OpenDispute = z.output<typeof OpenDispute>;

export const ListDisputes = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(100),
  before: z.coerce.number().int().min(1).optional(),
});

const statusOf = ({ status, under_review }: DisputeRow) => {
  if (status !== 'open') return status;
  return under_review ? 'under_review' : 'needs_response';
};

export const toDisputeView = (row: DisputeRow) => ({
  id: row.id,
  intentId: row.intent_id,
  status: statusOf(row),
  amountMinor: row.amount_minor,
  currency: row.currency,
  reason: row.reason,
  evidenceDueAt: row.evidence_due_at,
  createdAt: row.created_at,
});
