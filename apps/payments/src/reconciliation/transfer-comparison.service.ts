import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Encryption } from '@roost/platform';
import { keptMinor, transferMismatch } from '../payout/domain/transfer-mismatch.js';
import { decryptReference } from '../payout/payout-account.service.js';
import { patiently } from '../provider/patiently.js';
import {
  ProviderRejection,
  type ProviderTransfer,
  type ProviderTransfers,
} from '../provider/provider.port.js';
import {
  type PaidPayout,
  paidPayouts,
  payoutsOfTransfers,
  type StoredPayout,
} from './payout-check.queries.js';
import { BATCH_SIZE, inBatches, listFilter, type ReconciliationScope } from './reconciliation-scope.js';
import { difference, type Difference } from './reconciliation.dto.js';
import type { PageStart } from './reconciliation.queries.js';

/** Compares the transfers of a provider with the payouts stored here. */
@Injectable()
export class TransferComparison {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly encryption: Encryption,
  ) {}

  async *compare(
    provider: string,
    transfers: ProviderTransfers,
    scope: ReconciliationScope,
  ): AsyncIterable<Difference> {
    const refs = new Set<string>();
    for await (const batch of inBatches(transfers.all(listFilter(scope)), scope.signal)) {
      for (const { ref } of batch) refs.add(ref);
      for (const candidate of await this.differing(provider, batch)) {
        scope.signal.throwIfAborted();
        // Reads both sides again: a change between the first two reads is no difference.
        const transfer = await patiently(() => transfers.find(candidate.transfer.ref));
        const [again] = await this.differing(provider, [transfer]);
        if (again) yield again.found;
      }
    }
    const read = (ref: string) => (refs.has(ref) ? Promise.resolve(true) : exists(transfers, ref));
    yield* this.missing(provider, read, scope);
  }

  private async differing(provider: string, batch: readonly ProviderTransfer[]): Promise<Differing[]> {
    if (batch.length === 0) return [];
    const payouts = await payoutsOfTransfers(this.orm.em.fork(), provider, {
      ids: batch.flatMap(({ payoutId }) => payoutId ?? []),
      refs: batch.map(({ ref }) => ref),
    });
    return batch.flatMap((transfer) => {
      const payout = payouts.find((one) => isOf(one, transfer)) ?? null;
      const found = payout ? this.payoutDifference(payout, transfer) : strayDifference(transfer);
      return found ? [{ transfer, found }] : [];
    });
  }

  private payoutDifference(payout: StoredPayout, transfer: ProviderTransfer): Difference | null {
    const { id, amount_minor: amountMinor, currency, status } = payout;
    const destination = decryptReference(this.encryption, payout.reference) ?? transfer.destination;
    const mismatch = transferMismatch({ amountMinor, currency, destination }, transfer);
    const sameStatus = status === 'in_transit' || (status === 'paid') === (transfer.status === 'paid');
    if (mismatch === null && sameStatus) return null;
    const subject = {
      providerRef: transfer.ref,
      currency: transfer.currency,
      expectedMinor: status === 'failed' ? 0 : amountMinor,
      foundMinor: foundMinor(transfer),
    };
    return mismatch === 'destination_differs'
      ? difference('payout.destination_differs', `The transfer of payout ${id} has another account`, subject)
      : difference('payout.amount_differs', `The amount of payout ${id} differs at the provider`, subject);
  }

  private async *missing(
    provider: string,
    exists: (ref: string) => Promise<boolean>,
    { since, signal }: ReconciliationScope,
  ): AsyncIterable<Difference> {
    for (let after: PageStart | null = null; ;) {
      signal.throwIfAborted();
      const filter = { provider, since };
      const payouts: PaidPayout[] = await paidPayouts(this.orm.em.fork(), filter, after, BATCH_SIZE);
      for (const { id, provider_ref: ref, ...payout } of payouts) {
        signal.throwIfAborted();
        if (ref !== null && (await exists(ref))) continue;
        yield difference(
          'payout.missing_transfer',
          `The transfer of payout ${id} does not exist at the provider`,
          {
            ...{ providerRef: ref, currency: payout.currency },
            ...{ expectedMinor: payout.amount_minor, foundMinor: 0 },
          },
        );
      }
      after = payouts.at(-1) ?? null;
      if (payouts.length < BATCH_SIZE) return;
    }
  }
}

interface Differing {
  transfer: ProviderTransfer;
  found: Difference;
}

/** A second transfer of one payout has another reference: it belongs to no payout. */
const isOf = (payout: StoredPayout, { ref, payoutId }: ProviderTransfer): boolean =>
  payout.provider_ref === null ? payout.id === payoutId : payout.provider_ref === ref;

const foundMinor = (transfer: ProviderTransfer): number =>
  transfer.status === 'failed' ? 0 : keptMinor(transfer);

/** A transfer of no payout; null if it has failed. */
function strayDifference(transfer: ProviderTransfer): Difference | null {
  if (transfer.status === 'failed') return null;
  const { ref: providerRef, currency } = transfer;
  return difference('payout.unknown_transfer', 'The provider has a transfer that belongs to no payout', {
    ...{ providerRef, currency },
    ...{ expectedMinor: 0, foundMinor: foundMinor(transfer) },
  });
}

async function exists(transfers: ProviderTransfers, ref: string): Promise<boolean> {
  try {
    await patiently(() => transfers.find(ref));
    return true;
  } catch (error) {
    if (error instanceof ProviderRejection) return false;
    throw error;
  }
}
