import { patiently } from '../patiently.js';
import {
  type ProviderListFilter,
  ProviderRejection,
  type ProviderTransfer,
  type ProviderTransfers,
} from '../provider.port.js';
import { toTransfer } from './domain/stripe-objects.js';
import { amountFor, createdFilter, type StripeApi } from './stripe-api.js';

const ACCOUNT = /^acct_[A-Za-z0-9]{1,64}$/;

/** Lists of transfers can be filtered by group, so a transfer is found by its payout at once, without a search. */
const groupOf = (payoutId: string) => `payout:${payoutId}`;

/** Connect transfers from the platform's balance to the accounts of hosts. */
export class StripeTransfers implements ProviderTransfers {
  constructor(private readonly api: StripeApi) {}

  async create(request: Parameters<ProviderTransfers['create']>[0]): Promise<ProviderTransfer> {
    const { key, payoutId, destination } = request;
    if (!ACCOUNT.test(destination)) {
      throw new ProviderRejection(
        'account_invalid',
        'The destination is no account of Stripe Connect',
        false,
      );
    }
    const params = {
      ...amountFor(request),
      destination,
      transfer_group: groupOf(payoutId),
      metadata: { payoutId },
    };
    return this.api.call(toTransfer, (stripe) => stripe.transfers.create(params, { idempotencyKey: key }));
  }

  async find(ref: string): Promise<ProviderTransfer> {
    return this.api.call(toTransfer, (stripe) => stripe.transfers.retrieve(ref));
  }

  /** The transfer of a payout that was not reversed, otherwise the newest one. */
  async findByPayout(payoutId: string): Promise<ProviderTransfer | null> {
    let newest: ProviderTransfer | null = null;
    for await (const transfer of this.api.list(toTransfer, (stripe, page) =>
      stripe.transfers.list({ transfer_group: groupOf(payoutId), ...page }),
    )) {
      if (transfer.payoutId !== payoutId) continue;
      if (transfer.status !== 'failed') return transfer;
      newest ??= transfer;
    }
    return newest;
  }

  all(filter?: ProviderListFilter): AsyncIterable<ProviderTransfer> {
    return this.api.list(
      toTransfer,
      (stripe, page) => stripe.transfers.list({ ...page, ...createdFilter(filter) }),
      patiently,
    );
  }
}
