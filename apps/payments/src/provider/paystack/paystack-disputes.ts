import type { ProviderDispute, ProviderDisputes, ProviderListFilter } from '../provider.port.js';
import { filtered, type PaystackClient } from './paystack-client.js';
import { Dispute, toDispute } from './paystack-objects.js';

export class PaystackDisputes implements ProviderDisputes {
  constructor(private readonly client: PaystackClient) {}

  async find(ref: string): Promise<ProviderDispute> {
    const path = `/dispute/${encodeURIComponent(ref)}`;
    return toDispute(await this.client.request({ path, schema: Dispute }));
  }

  async *all(filter?: ProviderListFilter): AsyncIterable<ProviderDispute> {
    const disputes = this.client.list(filtered('/dispute', filter), Dispute);
    for await (const dispute of disputes) yield toDispute(dispute);
  }
}
