import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { amountMismatch, type Mismatch } from '../payment/domain/provider-mismatch.js';
import { foundOrNull, type PaymentProvider, type ReportedAmount } from '../provider/provider.port.js';
import { PayoutRecorder } from './payout-recorder.service.js';
import { findPayout, findPayoutByRef } from './payout.queries.js';

type Outcome = 'applied' | 'not-ours' | 'unknown-type' | { parked: Mismatch };

/** Webhooks about transfers: they only signal a change, so the transfer is read from the provider. */
@Injectable()
export class PayoutWebhooks {
  constructor(private readonly recorder: PayoutRecorder) {}

  /** Reads the transfer. Returns the function that applies it. `reported`: the amount in the webhook, if it contains one. */
  async read(
    provider: PaymentProvider,
    ref: string,
    reported: ReportedAmount | null,
  ): Promise<(em: EntityManager) => Promise<Outcome>> {
    const { transfers } = provider;
    if (!transfers) return () => Promise.resolve('unknown-type');
    const transfer = await foundOrNull(transfers.find(ref));
    if (!transfer) return () => Promise.resolve('not-ours');
    return async (em) => {
      const payout =
        (await findPayoutByRef(em, provider.name, transfer.ref)) ??
        (transfer.payoutId === null ? null : await findPayout(em, transfer.payoutId));
      if (payout?.provider !== provider.name) return 'not-ours';
      if (payout.providerRef !== null && payout.providerRef !== transfer.ref) return 'not-ours';
      const contradiction = reported && amountMismatch(payout, reported);
      if (contradiction) return { parked: contradiction };
      const mismatch = await this.recorder.recordTransfer(em, payout.id, transfer);
      return mismatch ? { parked: mismatch } : 'applied';
    };
  }
}
