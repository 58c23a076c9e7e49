import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import type { PaymentProvider, ProviderRefund } from '../provider/provider.port.js';
import { Providers } from '../provider/providers.js';
import { OperationRecorder } from './operation-recorder.service.js';
import { Payment } from './payment.entity.js';
import { lockPayment } from './payment.queries.js';
import { Refund } from './refund.entity.js';

/** Finishes refunds that a provider has accepted, and pays or rejects later. */
@Injectable()
export class PendingRefundService {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly providers: Providers,
    private readonly recorder: OperationRecorder,
  ) {}

  /** Reads the refunds of a payment from its provider if one of them is unfinished; otherwise an empty list. */
  async read(provider: PaymentProvider, paymentRef: string): Promise<ProviderRefund[]> {
    const em = this.orm.em.fork();
    const payment = await em.findOne(Payment, { provider: provider.name, providerRef: paymentRef });
    if (!payment || (await unfinished(em, payment.id)).length === 0) return [];
    return provider.refunds(paymentRef);
  }

  /** Call it in the transaction that applies the provider's state. Changes nothing if it was called before. */
  async apply(
    em: EntityManager,
    paymentId: string,
    providerRefunds: readonly ProviderRefund[],
  ): Promise<void> {
    const finished = providerRefunds.filter(({ status }) => status !== 'pending');
    if (finished.length === 0) return;
    await lockPayment(em, paymentId);
    const payment = await em.findOneOrFail(Payment, paymentId);
    for (const refund of await unfinished(em, paymentId)) {
      const found = finished.find(({ ref }) => ref === refund.providerRef);
      if (found) await this.recorder.recordRefund(em, payment, refund, { failureCode: null, refund: found });
    }
  }

  async refresh({ id, provider, providerRef }: Payment): Promise<void> {
    if (providerRef === null) return;
    const refunds = await this.read(this.providers.of(provider), providerRef);
    if (refunds.length > 0) await this.transactions.run((em) => this.apply(em, id, refunds));
  }
}

const unfinished = (em: EntityManager, paymentId: string): Promise<Refund[]> =>
  em.find(Refund, { paymentId, status: 'pending', providerRef: { $ne: null } });
