import { z } from 'zod';
import type { IntentRow } from './intent.queries.js';
import type { RefundRow } from './refund.queries.js';

// PostgreSQL cannot store NUL as text.
export const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !value.includes('\0'), 'Must not contain NUL');
export const amount = z.int().min(1).max(1_000_000_000_000);
const metadata = z.record(text(40), text(500)).default({});

export const CreateIntent = z.strictObject({
  amountMinor: amount,
  currency: z.string().regex(/^[A-Z]{3}$/),
  captureMethod: z.enum(['manual', 'automatic']).default('automatic'),
  metadata,
});
export type CreateIntent = z.output<typeof CreateIntent>;

export const ConfirmIntent = z.strictObject({
  paymentMethod: text(100),
  returnUrl: z.url({ protocol: /^https?$/ }).optional(),
});
export type ConfirmIntent = z.output<typeof ConfirmIntent>;

export const CaptureIntent = z.strictObject({ amountMinor: amount.optional() });

export const CreateRefund = z.strictObject({
  intentId: text(100),
  amountMinor: amount,
  reason: text(500).optional(),
  metadata,
});

export const ListIntents = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(100),
  after: z.coerce.number().int().min(0).default(0),
  createdSince: z.iso.datetime().optional(),
  metadata: z
    .string()
    .regex(/^[^:]{1,40}:.{1,500}$/)
    .optional(),
});

/** `publicUrl`: the address of this server for the guest's browser. */
export const toIntentView = (row: IntentRow, publicUrl: string) => ({
  id: row.id,
  status: row.status,
  amountMinor: row.amount_minor,
  currency: row.currency,
  captureMethod: row.capture_method,
  paymentMethod: row.payment_method,
  authorizedMinor: row.authorized_minor,
  capturedMinor: row.captured_minor,
  refundedMinor: row.refunded_minor,
  captureBefore: row.capture_before,
  errorCode: row.error_code,
  dispute: row.dispute,
  redirectUrl:
    row.status === 'requires_action' && row.challenge
      ? `${publicUrl}/authenticate/${row.id}?challenge=${row.challenge}`
      : null,
  clientSecret: row.client_secret,
  metadata: row.metadata,
  version: row.version,
  createdAt: row.created_at,
});

export const toRefundView = (row: RefundRow) => ({
  id: row.id,
  intentId: row.intent_id,
  amountMinor: row.amount_minor,
  reason: row.reason,
  status: row.status,
  metadata: row.metadata,
  createdAt: row.created_at,
});
