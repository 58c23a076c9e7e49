import { z } from 'zod';

/** The outcome of the next transfers. Without a plan, a transfer is paid at once. */
export const PlannedTransfers = z.strictObject({
  outcome: z.enum(['paid', 'failed', 'pending']).default('paid'),
  times: z.int().min(0).max(100_000).default(1),
  errorCode: z
    .string()
    .regex(/^[a-z][a-z_]{0,60}$/)
    .default('account_closed'),
});
export type PlannedTransfers = z.output<typeof PlannedTransfers>;

export class TransferPlan {
  private planned: PlannedTransfers | null = null;

  /** Replaces the plan. */
  set(planned: PlannedTransfers): void {
    this.planned = { ...planned };
  }

  /** The outcome of one transfer; it is used up. */
  take(): { status: PlannedTransfers['outcome']; errorCode: string | null } {
    if (!this.planned || this.planned.times === 0) return { status: 'paid', errorCode: null };
    this.planned.times -= 1;
    const { outcome, errorCode } = this.planned;
    return { status: outcome, errorCode: outcome === 'failed' ? errorCode : null };
  }
}
