import { z } from 'zod';
import { patiently } from '../patiently.js';
import type { ProviderDispute, ProviderDisputes, ProviderListFilter } from '../provider.port.js';
import { isInquiry, toDispute } from './domain/stripe-objects.js';
import { createdFilter, type StripeApi } from './stripe-api.js';

const Status = z.object({ status: z.string() });

const disputeOrNull = (body: unknown): ProviderDispute | null =>
  isInquiry(Status.parse(body).status) ? null : toDispute(body);

/** The disputes of the Stripe account that withdrew money. */
export class StripeDisputes implements ProviderDisputes {
  constructor(private readonly api: StripeApi) {}

  find(ref: string): Promise<ProviderDispute> {
    return this.api.call(toDispute, (stripe) => stripe.disputes.retrieve(ref));
  }

  async *all(filter?: ProviderListFilter): AsyncIterable<ProviderDispute> {
    const disputes = this.api.list(
      disputeOrNull,
      (stripe, page) => stripe.disputes.list({ ...page, ...createdFilter(filter) }),
      patiently,
    );
    for await (const dispute of disputes) if (dispute) yield dispute;
  }
}
