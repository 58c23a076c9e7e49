import { z } from 'zod';
import type { ProviderDispute, ProviderDisputes } from '../provider.port.js';
import type { PaystackClient } from './paystack-client.js';
import { Dispute, toDispute, Transaction } from './paystack-objects.js';
import { isNotFound } from './paystack-errors.js';

const DisputesOfTransaction = z
  .union([z.array(Dispute), Dispute.transform((dispute) => [dispute])])
  .nullable();

export class PaystackDisputes implements ProviderDisputes {
  constructor(private readonly client: PaystackClient) {}

  async find(ref: string): Promise<ProviderDispute> {
    const path = `/dispute/${encodeURIComponent(ref)}`;
    return toDispute(await this.client.request({ path, schema: Dispute }));
  }

  async ofPayment(paymentRef: string): Promise<ProviderDispute[]> {
    const deadline = this.client.deadline();
    const verify = `/transaction/verify/${encodeURIComponent(paymentRef)}`;
    const { id } = await this.client.request({ path: verify, schema: Transaction, deadline });
    try {
      const path = `/dispute/transaction/${id}`;
      const disputes = await this.client.request({ path, schema: DisputesOfTransaction, deadline });
      return (disputes ?? []).map(toDispute);
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  }

  async *all(): AsyncIterable<ProviderDispute> {
    for await (const dispute of this.client.list('/dispute', Dispute)) yield toDispute(dispute);
  }
}
