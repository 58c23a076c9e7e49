import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { PaymentOperation } from '../operation/operation.entity.js';
import { Payment } from '../payment/payment.entity.js';
import { isLostRefund } from '../payment/restored-refunds.service.js';
import { Refund } from '../payment/refund.entity.js';
import { patiently } from '../provider/patiently.js';
import { foundOrNull, type PaymentProvider, type ProviderIntent } from '../provider/provider.port.js';
import { isRestorationOpen } from '../restoration/restoration.queries.js';
import { inBatches, listFilter, type ReconciliationScope } from './reconciliation-scope.js';
import { difference, type Difference } from './reconciliation.dto.js';
import { type CapturedPayment, capturedPayments, type PageStart } from './reconciliation.queries.js';

/** Rows of the database, without a call for each. */
const PAGE_SIZE = 1_000;

/** Compares the payments of a provider with the payments stored here. */
@Injectable()
export class ProviderComparisonService {
  constructor(@Inject(MikroORM) private readonly orm: MikroORM) {}

  async *compare(provider: PaymentProvider, scope: ReconciliationScope): AsyncIterable<Difference> {
    // About 80 bytes for each: 80 MB for a history of a million payments.
    const refs = new Set<string>();
    for await (const batch of inBatches(provider.all(listFilter(scope)), scope.signal)) {
      for (const { ref } of batch) refs.add(ref);
      scope.onProgress?.(refs.size);
      for (const intent of await this.candidates(provider, batch)) {
        scope.signal.throwIfAborted();
        const found = await this.compareAgain(provider, intent.ref);
        if (found) yield found;
      }
    }
    yield* this.missingAtProvider(provider, refs, scope);
  }

  /** Reads each payment that was not listed: it may have been captured after its page of the list was read. */
  private async *missingAtProvider(
    provider: PaymentProvider,
    refs: ReadonlySet<string>,
    { since, signal }: ReconciliationScope,
  ): AsyncIterable<Difference> {
    for (let after: PageStart | null = null; ;) {
      signal.throwIfAborted();
      const captured: CapturedPayment[] = await capturedPayments(
        this.orm.em.fork(),
        { provider: provider.name, since },
        after,
        PAGE_SIZE,
      );
      for (const { id: paymentId, providerRef, currency, capturedMinor } of captured) {
        if (refs.has(providerRef)) continue;
        signal.throwIfAborted();
        if (await foundOrNull(patiently(() => provider.find(providerRef)))) continue;
        yield difference('provider.missing_payment', 'The payment does not exist at the provider', {
          ...{ paymentId, providerRef, currency },
          ...{ expectedMinor: capturedMinor, foundMinor: 0 },
        });
      }
      after = captured.at(-1) ?? null;
      if (captured.length < PAGE_SIZE) return;
    }
  }

  /** The payments of a batch that differ in the first comparison. */
  private async candidates(
    provider: PaymentProvider,
    batch: readonly ProviderIntent[],
  ): Promise<ProviderIntent[]> {
    if (batch.length === 0) return [];
    const payments = await this.orm.em
      .fork()
      .find(Payment, { provider: provider.name, providerRef: { $in: batch.map((intent) => intent.ref) } });
    const byRef = new Map(payments.map((payment) => [payment.providerRef, payment]));
    return batch.filter((intent) => {
      const payment = byRef.get(intent.ref);
      return payment ? firstDifference(payment, intent) !== null : heldMinor(intent) > 0;
    });
  }

  /** Reads both sides again: a change between the first two reads is no difference. */
  private async compareAgain(provider: PaymentProvider, ref: string): Promise<Difference | null> {
    const em = this.orm.em.fork();
    const payment = await em.findOne(Payment, { provider: provider.name, providerRef: ref });
    const intent = await patiently(() => provider.find(ref));
    if (!payment) {
      if (heldMinor(intent) === 0) return null;
      return difference('provider.unknown_payment', 'The provider has a payment that does not exist here', {
        providerRef: ref,
        currency: intent.currency,
        expectedMinor: 0,
        foundMinor: heldMinor(intent),
      });
    }
    if ((await isInProgress(em, payment.id)) && !(await this.hasLostRefund(em, provider, payment.id, ref)))
      return null;
    const found = firstDifference(payment, intent);
    // A change at the provider may have been recorded, and its operation closed, after the payment was read.
    const { id, version } = payment;
    if (!found || (await em.count(Payment, { id, version })) === 0) return null;
    return difference('provider.amount_differs', found.detail, {
      paymentId: id,
      providerRef: ref,
      currency: payment.currency,
      expectedMinor: found.expectedMinor,
      foundMinor: found.foundMinor,
    });
  }

  /**
   * Whether the provider has a refund that the restored database lacks. The pending refunds of its payment wait until it is
   * entered, so they are no reason to wait with the comparison.
   */
  private async hasLostRefund(
    em: EntityManager,
    provider: PaymentProvider,
    paymentId: string,
    ref: string,
  ): Promise<boolean> {
    if (!(await isRestorationOpen(em))) return false;
    const own = await em.find(Refund, { paymentId });
    const found = await patiently(() => provider.refunds(ref));
    return found.some((refund) => isLostRefund(refund, own));
  }
}

/** A provider counts a refund that it has accepted, which is recorded when it is paid. */
async function isInProgress(em: EntityManager, paymentId: string): Promise<boolean> {
  const pending = { paymentId, status: 'pending' } as const;
  return (await em.count(PaymentOperation, pending)) > 0 || (await em.count(Refund, pending)) > 0;
}

/** The guest's money that the provider holds or has passed on. Nothing is left to do about a payment without any. */
function heldMinor({ status, authorizedMinor, capturedMinor, refundedMinor }: ProviderIntent): number {
  if (capturedMinor > 0) return capturedMinor - refundedMinor;
  return status === 'canceled' ? 0 : authorizedMinor;
}

interface AmountDifference {
  detail: string;
  expectedMinor: number;
  foundMinor: number;
}

function firstDifference(payment: Payment, intent: ProviderIntent): AmountDifference | null {
  if (payment.currency !== intent.currency) {
    return {
      detail: `The currency is ${intent.currency} at the provider`,
      expectedMinor: payment.amountMinor,
      foundMinor: intent.amountMinor,
    };
  }
  for (const [what, expectedMinor, foundMinor] of [
    ['payment', payment.amountMinor, intent.amountMinor],
    ['captured', payment.capturedMinor, intent.capturedMinor],
    ['refunded', payment.refundedMinor - payment.refundedOutOfBandMinor, intent.refundedMinor],
  ] as const) {
    if (expectedMinor !== foundMinor) {
      return { detail: `The ${what} amount differs at the provider`, expectedMinor, foundMinor };
    }
  }
  return null;
}
