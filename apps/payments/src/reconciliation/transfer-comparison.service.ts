import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import {
  ProviderRejection,
  type ProviderTransfer,
  type ProviderTransfers,
} from '../provider/provider.port.js';
import { paidPayouts, payoutsOfTransfers, type StoredPayout } from './payout-check.queries.js';
import { difference, type Difference } from './reconciliation.dto.js';

const BATCH_SIZE = 100;

/** Compares the transfers of a provider with the payouts stored here. */
@Injectable()
export class TransferComparison {
  constructor(@Inject(MikroORM) private readonly orm: MikroORM) {}

  async compare(provider: string, transfers: ProviderTransfers): Promise<Difference[]> {
    const differences: Difference[] = [];
    const refs = new Set<string>();
    let batch: ProviderTransfer[] = [];
    const compareBatch = async () => {
      for (const candidate of await this.differing(provider, batch)) {
        // Reads both sides again: a change between the first two reads is no difference.
        const [again] = await this.differing(provider, [await transfers.find(candidate.transfer.ref)]);
        if (again) differences.push(toDifference(again));
      }
      batch = [];
    };
    for await (const transfer of transfers.all()) {
      refs.add(transfer.ref);
      if (batch.push(transfer) === BATCH_SIZE) await compareBatch();
    }
    await compareBatch();
    return [...differences, ...(await this.missing(provider, transfers, refs))];
  }

  private async differing(provider: string, batch: readonly ProviderTransfer[]): Promise<Differing[]> {
    if (batch.length === 0) return [];
    const payouts = await payoutsOfTransfers(this.orm.em.fork(), provider, {
      ids: batch.flatMap(({ payoutId }) => payoutId ?? []),
      refs: batch.map(({ ref }) => ref),
    });
    return batch.flatMap((transfer) => {
      const payout = payouts.find((one) => isOf(one, transfer)) ?? null;
      return differs(payout, transfer) ? [{ payout, transfer }] : [];
    });
  }

  private async missing(
    provider: string,
    transfers: ProviderTransfers,
    refs: ReadonlySet<string>,
  ): Promise<Difference[]> {
    const differences: Difference[] = [];
    for (let after: string | null = null; ;) {
      const payouts: StoredPayout[] = await paidPayouts(this.orm.em.fork(), provider, after, BATCH_SIZE);
      for (const { id, provider_ref: ref, ...payout } of payouts) {
        if (ref !== null && (refs.has(ref) || (await exists(transfers, ref)))) continue;
        differences.push(
          difference(
            'payout.missing_transfer',
            `The transfer of payout ${id} does not exist at the provider`,
            {
              providerRef: ref,
              currency: payout.currency,
              expectedMinor: payout.amount_minor,
              foundMinor: 0,
            },
          ),
        );
      }
      after = payouts.at(-1)?.id ?? null;
      if (payouts.length < BATCH_SIZE) return differences;
    }
  }
}

interface Differing {
  payout: StoredPayout | null;
  transfer: ProviderTransfer;
}

/** A second transfer of one payout has another reference: it belongs to no payout. */
const isOf = (payout: StoredPayout, { ref, payoutId }: ProviderTransfer): boolean =>
  payout.provider_ref === null ? payout.id === payoutId : payout.provider_ref === ref;

function differs(payout: StoredPayout | null, transfer: ProviderTransfer): boolean {
  if (!payout) return transfer.status !== 'failed';
  if (payout.amount_minor !== transfer.amountMinor || payout.currency !== transfer.currency) return true;
  if (payout.status === 'in_transit') return false;
  return (payout.status === 'paid') !== (transfer.status === 'paid');
}

function toDifference({ payout, transfer }: Differing): Difference {
  const { ref: providerRef, currency } = transfer;
  const foundMinor = transfer.status === 'failed' ? 0 : transfer.amountMinor;
  return payout
    ? difference('payout.amount_differs', `The amount of payout ${payout.id} differs at the provider`, {
        providerRef,
        currency,
        expectedMinor: payout.status === 'failed' ? 0 : payout.amount_minor,
        foundMinor,
      })
    : difference('payout.unknown_transfer', 'The provider has a transfer that belongs to no payout', {
        providerRef,
        currency,
        expectedMinor: 0,
        foundMinor,
      });
}

async function exists(transfers: ProviderTransfers, ref: string): Promise<boolean> {
  try {
    await transfers.find(ref);
    return true;
  } catch (error) {
    if (error instanceof ProviderRejection) return false;
    throw error;
  }
}
