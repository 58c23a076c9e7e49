import { z } from 'zod';
import { patiently } from './patiently.js';
import type { ProviderListFilter, ProviderTransfer, ProviderTransfers } from './provider.port.js';

const Transfer = z.object({
  id: z.string(),
  status: z.enum(['pending', 'paid', 'failed']),
  destination: z.string(),
  amountMinor: z.int(),
  currency: z.string(),
  errorCode: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
});
const TransferList = z.object({ data: z.array(z.unknown()), nextAfter: z.int().nullable() });
const PayoutMetadata = z.object({ payoutId: z.uuid() });
const PAGE = 100;

/** The calls of the sandbox provider that transfers use. */
interface SandboxCalls {
  get(path: string): Promise<unknown>;
  post(path: string, key: string, body: object): Promise<unknown>;
}

function toTransfer(body: unknown): ProviderTransfer {
  const transfer = Transfer.parse(body);
  const metadata = PayoutMetadata.safeParse(transfer.metadata);
  return {
    ref: transfer.id,
    payoutId: metadata.success ? metadata.data.payoutId : null,
    status: transfer.status,
    destination: transfer.destination,
    amountMinor: transfer.amountMinor,
    reversedMinor: 0,
    currency: transfer.currency,
    failureCode: transfer.errorCode,
  };
}

/** The transfers of the sandbox provider. */
export class SandboxTransfers implements ProviderTransfers {
  constructor(private readonly calls: SandboxCalls) {}

  async create(request: Parameters<ProviderTransfers['create']>[0]): Promise<ProviderTransfer> {
    const { key, payoutId, destination, amountMinor, currency } = request;
    const body = { destination, amountMinor, currency, metadata: { payoutId } };
    return toTransfer(await this.calls.post('/v1/transfers', key, body));
  }

  async find(ref: string): Promise<ProviderTransfer> {
    return toTransfer(await this.calls.get(`/v1/transfers/${encodeURIComponent(ref)}`));
  }

  async findByPayout(payoutId: string): Promise<ProviderTransfer | null> {
    const { data } = await this.page(`metadata=payoutId:${payoutId}`);
    return data[0] ?? null;
  }

  async *all({ createdSince = null }: ProviderListFilter = {}): AsyncIterable<ProviderTransfer> {
    const since = createdSince === null ? '' : `&createdSince=${createdSince.toISOString()}`;
    let after: number | null = 0;
    while (after !== null) {
      const next: { data: ProviderTransfer[]; nextAfter: number | null } = await patiently(() =>
        this.page(`limit=${PAGE}&after=${after}${since}`),
      );
      yield* next.data;
      after = next.nextAfter;
    }
  }

  private async page(query: string): Promise<{ data: ProviderTransfer[]; nextAfter: number | null }> {
    const list = TransferList.parse(await this.calls.get(`/v1/transfers?${query}`));
    return { data: list.data.map(toTransfer), nextAfter: list.nextAfter };
  }
}
