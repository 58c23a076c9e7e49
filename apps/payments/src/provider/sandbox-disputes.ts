import { z } from 'zod';
import { patiently } from './patiently.js';
import type { ProviderDispute, ProviderDisputes, ProviderListFilter } from './provider.port.js';

const Dispute = z.object({
  id: z.string(),
  intentId: z.string(),
  status: z.enum(['needs_response', 'under_review', 'won', 'lost']),
  amountMinor: z.int(),
  currency: z.string(),
  reason: z.string(),
  evidenceDueAt: z.iso.datetime(),
  createdAt: z.iso.datetime(),
});
const DisputeList = z.object({ data: z.array(z.unknown()), nextBefore: z.int().nullable() });

const PAGE = 100;

function toDispute(body: unknown): ProviderDispute {
  const dispute = Dispute.parse(body);
  return {
    ref: dispute.id,
    paymentRef: dispute.intentId,
    status: dispute.status,
    amountMinor: dispute.amountMinor,
    currency: dispute.currency,
    reason: dispute.reason,
    evidenceDueAt: new Date(dispute.evidenceDueAt),
    createdAt: new Date(dispute.createdAt),
  };
}

/** The disputes of the sandbox provider. `get` requests a path and returns the body of the response. */
export class SandboxDisputes implements ProviderDisputes {
  constructor(private readonly get: (path: string) => Promise<unknown>) {}

  async find(ref: string): Promise<ProviderDispute> {
    return toDispute(await this.get(`/v1/disputes/${encodeURIComponent(ref)}`));
  }

  async *all({ createdSince = null }: ProviderListFilter = {}): AsyncIterable<ProviderDispute> {
    let before: number | null = null;
    do {
      const page: z.output<typeof DisputeList> = DisputeList.parse(
        await patiently(() =>
          this.get(`/v1/disputes?limit=${PAGE}${before === null ? '' : `&before=${before}`}`),
        ),
      );
      for (const dispute of page.data.map(toDispute)) {
        if (createdSince !== null && dispute.createdAt < createdSince) return;
        yield dispute;
      }
      before = page.nextBefore;
    } while (before !== null);
  }
}
