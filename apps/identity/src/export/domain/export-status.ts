import { addHours } from '@roost/stay';

/** The file is kept for 7 days after the request. A service stores its part for the same time. */
const KEPT_HOURS = 7 * 24;
/** A service that is down longer makes the export fail. */
const PENDING_HOURS = 3 * 24;

export const EXPORT_STATUSES = ['pending', 'ready', 'failed', 'expired'] as const;
export type ExportStatus = (typeof EXPORT_STATUSES)[number];

export const expiryOf = (requestedAt: Date): Date => addHours(requestedAt, KEPT_HOURS);

/** Parts of exports that were requested earlier are ignored. */
export const oldestPending = (now: Date): Date => addHours(now, -PENDING_HOURS);

export function statusOf(
  { requestedAt, readyAt, expiresAt }: { requestedAt: Date; readyAt: Date | null; expiresAt: Date },
  now: Date,
): ExportStatus {
  if (readyAt) return expiresAt <= now ? 'expired' : 'ready';
  return requestedAt <= oldestPending(now) ? 'failed' : 'pending';
}
