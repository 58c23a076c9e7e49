import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { SystemClock } from '@roost/platform';
import { patiently } from '../provider/patiently.js';
import {
  foundOrNull,
  type PaymentProvider,
  type ProviderDispute,
  type ProviderDisputes,
} from '../provider/provider.port.js';
import { Providers } from '../provider/providers.js';
import {
  disputeDifferences,
  openDisputes,
  paymentOfRef,
  recordedDisputes,
  recordedRefs,
} from './dispute-check.queries.js';
import type { ReconciliationCheck } from './reconciliation-check.js';
import { inBatches, listFilter, type ReconciliationScope } from './reconciliation-scope.js';
import { difference, type Difference, type OpenDispute } from './reconciliation.dto.js';
import { orUnreachable } from './unreachable-provider.js';

/** A dispute without evidence is reported when its deadline is this near. */
const DEADLINE_HOURS = 48;

/** Compares the disputes of a provider with those recorded here and with the ledger, and lists the open ones. */
@Injectable()
export class DisputeCheckService implements ReconciliationCheck {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly providers: Providers,
    private readonly clock: SystemClock,
  ) {}

  /** The disputes that the bank has not decided. */
  async open(): Promise<OpenDispute[]> {
    const open = await openDisputes(this.orm.em.fork());
    return open.map(({ evidenceDueAt, ...dispute }) => ({
      ...dispute,
      evidenceDueAt: evidenceDueAt?.toISOString() ?? null,
    }));
  }

  /** The differences between disputes, payments, ledger and providers, and the missed deadlines. */
  async *run(_em: EntityManager, scope: ReconciliationScope): AsyncIterable<Difference> {
    yield* await this.recorded();
    for (const provider of this.providers.all) {
      yield* orUnreachable(provider.name, 'disputes', this.compare(provider, scope));
    }
  }

  private async recorded(): Promise<Difference[]> {
    const { open, amounts } = await this.transactions.run(async (em) => ({
      open: await openDisputes(em),
      amounts: await disputeDifferences(em),
    }));
    const deadline = new Date(this.clock.now().getTime() + DEADLINE_HOURS * 3_600_000);
    const due = open.filter(
      ({ status, evidenceDueAt }) =>
        status === 'needs_response' && evidenceDueAt !== null && evidenceDueAt <= deadline,
    );
    return [
      ...amounts.map((row) =>
        difference(
          'ledger.payment_differs',
          `The payment, its disputes and its movements differ: ${row.what}`,
          {
            paymentId: row.paymentId,
            currency: row.currency,
            expectedMinor: row.expected,
            foundMinor: row.found,
          },
        ),
      ),
      ...due.map((row) =>
        difference(
          'dispute.undecided_overdue',
          `The evidence for dispute ${row.id} is due at ${row.evidenceDueAt?.toISOString()}`,
          {
            paymentId: row.paymentId,
            providerRef: row.providerRef,
            currency: row.currency,
            expectedMinor: row.amountMinor,
          },
        ),
      ),
    ];
  }

  /** Compares the disputes of a provider with those recorded here. */
  private async *compare(provider: PaymentProvider, scope: ReconciliationScope): AsyncIterable<Difference> {
    const { disputes } = provider;
    if (!disputes) return;
    const refs = new Set<string>();
    for await (const batch of inBatches(disputes.all(listFilter(scope)), scope.signal)) {
      for (const { ref } of batch) refs.add(ref);
      for (const { ref } of await this.candidates(provider, batch)) {
        scope.signal.throwIfAborted();
        const found = await this.compareAgain(provider, disputes, ref);
        if (found) yield found;
      }
    }
    const unlisted = (await recordedRefs(this.orm.em.fork(), provider.name, scope.since)).filter(
      (ref) => !refs.has(ref),
    );
    yield* await this.missing(provider.name, disputes, unlisted, scope.signal);
  }

  private async candidates(
    provider: PaymentProvider,
    batch: readonly ProviderDispute[],
  ): Promise<ProviderDispute[]> {
    const recorded = await recordedDisputes(
      this.orm.em.fork(),
      provider.name,
      batch.map(({ ref }) => ref),
    );
    return batch.filter((dispute) => {
      const own = recorded.get(dispute.ref);
      return !own || own.amountMinor !== dispute.amountMinor || own.status !== dispute.status;
    });
  }

  /** Reads both sides again: a change between the first two reads is no difference. */
  private async compareAgain(
    provider: PaymentProvider,
    disputes: ProviderDisputes,
    ref: string,
  ): Promise<Difference | null> {
    const em = this.orm.em.fork();
    const dispute = await patiently(() => disputes.find(ref));
    const own = (await recordedDisputes(em, provider.name, [ref])).get(ref);
    const { currency, amountMinor, status } = dispute;
    if (!own) {
      const paymentId = await paymentOfRef(em, provider.name, dispute.paymentRef);
      const what = paymentId === null ? 'a payment that does not exist here' : 'a payment';
      return difference('dispute.unposted', `The provider has a dispute of ${what}: ${status}`, {
        ...{ paymentId, currency, providerRef: ref },
        ...{ expectedMinor: 0, foundMinor: amountMinor },
      });
    }
    const subject = { paymentId: own.paymentId, providerRef: ref, currency };
    if (own.amountMinor !== amountMinor) {
      return difference('dispute.amount_differs', 'The disputed amount differs at the provider', {
        ...subject,
        ...{ expectedMinor: own.amountMinor, foundMinor: amountMinor },
      });
    }
    if (own.status === status) return null;
    return difference(
      'dispute.status_differs',
      `The dispute is ${own.status} here and ${status} at the provider`,
      subject,
    );
  }

  /** Reads each dispute that was not listed: it may have been opened after its page of the list was read. */
  private async missing(
    provider: string,
    disputes: ProviderDisputes,
    unlisted: readonly string[],
    signal: AbortSignal,
  ): Promise<Difference[]> {
    const missing: string[] = [];
    for (const ref of unlisted) {
      signal.throwIfAborted();
      if (!(await foundOrNull(patiently(() => disputes.find(ref))))) missing.push(ref);
    }
    const recorded = await recordedDisputes(this.orm.em.fork(), provider, missing);
    return [...recorded.values()].map((own) =>
      difference('dispute.missing', 'The dispute does not exist at the provider', {
        ...{ paymentId: own.paymentId, providerRef: own.ref, currency: own.currency },
        ...{ expectedMinor: own.amountMinor, foundMinor: 0 },
      }),
    );
  }
}
