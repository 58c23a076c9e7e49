import type { ProviderDispute, ProviderDisputes } from '../provider.port.js';
import { toDispute } from './domain/stripe-objects.js';
import type { StripeApi } from './stripe-api.js';

/** The disputes of the Stripe account. */
export class StripeDisputes implements ProviderDisputes {
  constructor(private readonly api: StripeApi) {}

  find(ref: string): Promise<ProviderDispute> {
    return this.api.call(toDispute, (stripe) => stripe.disputes.retrieve(ref));
  }

  async ofPayment(paymentRef: string): Promise<ProviderDispute[]> {
    const disputes: ProviderDispute[] = [];
    for await (const dispute of this.api.list(toDispute, (stripe, page) =>
      stripe.disputes.list({ payment_intent: paymentRef, ...page }),
    )) {
      disputes.push(dispute);
    }
    return disputes;
  }

  all(): AsyncIterable<ProviderDispute> {
    return this.api.list(toDispute, (stripe, page) => stripe.disputes.list(page));
  }
}
