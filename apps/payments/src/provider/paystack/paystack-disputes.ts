import type { ProviderDispute, ProviderDisputes } from '../provider.port.js';
import type { PaystackClient } from './paystack-client.js';
import { Dispute, toDispute } from './paystack-objects.js';

export class PaystackDisputes implements ProviderDisputes {
  constructor(private readonly client: PaystackClient) {}

  async find(ref: string): Promise<ProviderDispute> {
    const path = `/dispute/${encodeURIComponent(ref)}`;
    return toDispute(await this.client.request({ path, schema: Dispute }));
  }

  async *all(): AsyncIterable<ProviderDispute> {
    for await (const dispute of this.client.list('/dispute', Dispute)) yield toDispute(dispute);
  }
}
