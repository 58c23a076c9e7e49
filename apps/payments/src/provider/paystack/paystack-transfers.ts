import {
  type ProviderListFilter,
  ProviderRejection,
  type ProviderTransfer,
  type ProviderTransfers,
  ProviderUnavailable,
} from '../provider.port.js';
import { filtered, type PaystackClient } from './paystack-client.js';
import { isNotFound } from './paystack-errors.js';
import { toTransfer, Transfer } from './paystack-objects.js';
import { payoutReference } from './paystack-reference.js';
import { toSubunits } from './paystack-units.js';

/** Transfers from the balance to a recipient (`RCP_…`). The reference of a payout is accepted once. */
export class PaystackTransfers implements ProviderTransfers {
  constructor(private readonly client: PaystackClient) {}

  async create(request: Parameters<ProviderTransfers['create']>[0]): Promise<ProviderTransfer> {
    const { payoutId, destination, amountMinor, currency } = request;
    const reference = payoutReference(payoutId);
    const deadline = this.client.deadline();
    const body = {
      source: 'balance',
      amount: toSubunits(amountMinor, currency),
      currency,
      recipient: destination,
      reference,
      reason: reference,
    };
    try {
      const transfer = await this.client.request({ path: '/transfer', schema: Transfer, body, deadline });
      return toTransfer(transfer, destination);
    } catch (error) {
      const exists = error instanceof ProviderRejection && error.code === 'reference_exists';
      if (!exists) throw error;
      return this.existing(reference, deadline);
    }
  }

  private async existing(reference: string, deadline: AbortSignal): Promise<ProviderTransfer> {
    try {
      return await this.verify(reference, deadline);
    } catch (error) {
      // Paystack has said that the transfer exists, so it is not rejected.
      if (isNotFound(error)) throw new ProviderUnavailable('Paystack does not show an existing transfer yet');
      throw error;
    }
  }

  find(ref: string): Promise<ProviderTransfer> {
    return this.verify(ref);
  }

  async findByPayout(payoutId: string): Promise<ProviderTransfer | null> {
    try {
      return await this.verify(payoutReference(payoutId));
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  async *all(filter?: ProviderListFilter): AsyncIterable<ProviderTransfer> {
    const transfers = this.client.list(filtered('/transfer', filter), Transfer);
    for await (const transfer of transfers) yield toTransfer(transfer);
  }

  private async verify(reference: string, deadline?: AbortSignal): Promise<ProviderTransfer> {
    const path = `/transfer/verify/${encodeURIComponent(reference)}`;
    return toTransfer(await this.client.request({ path, schema: Transfer, deadline }));
  }
}
