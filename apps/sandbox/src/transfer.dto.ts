import { z } from 'zod';
import { text } from './intent.dto.js';
import type { TransferRow } from './transfer.queries.js';

export const CreateTransfer = z.strictObject({
  destination: z.string().regex(/^acct_[A-Za-z0-9_]{1,60}$/, 'Must be the id of an account, acct_…'),
  amountMinor: z.int().min(1).max(1_000_000_000_000),
  currency: z.string().regex(/^[A-Z]{3}$/),
  metadata: z.record(text(40), text(500)).default({}),
});
export type CreateTransfer = z.output<typeof CreateTransfer>;

export const toTransferView = (row: TransferRow) => ({
  id: row.id,
  destination: row.destination,
  amountMinor: row.amount_minor,
  currency: row.currency,
  status: row.status,
  errorCode: row.error_code,
  metadata: row.metadata,
  createdAt: row.created_at,
});
