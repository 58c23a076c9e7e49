import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import type { PaymentProvider, ProviderRefund } from '../provider/provider.port.js';
import { Providers } from '../provider/providers.js';
import { OperationRecorder } from './operation-recorder.service.js';
import { Payment } from './payment.entity.js';
import { lockPayment } from './payment.queries.js';
import { Refund } from './refund.entity.js';

/** Follows refunds at a provider: one that it has accepted is paid or rejected later, and a paid one can be returned. */
@Injectable()
export class RefundStateService {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly providers: Providers,
    private readonly recorder: OperationRecorder,
  ) {}

  /** Reads the refunds of a payment from its provider if the state of one of them can change; otherwise an empty list. */
  async read(provider: PaymentProvider, paymentRef: string): Promise<ProviderRefund[]> {
    const em = this.orm.em.fork();
    const payment = await em.findOne(Payment, { provider: provider.name, providerRef: paymentRef });
    if (!payment || (await changeable(em, payment.id)).length === 0) return [];
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
    const changes = (await changeable(em, paymentId)).flatMap((refund) => {
      const found = finished.find(({ ref }) => ref === refund.providerRef);
      return found && found.status !== refund.status ? [{ refund, found }] : [];
    });
    if (changes.length === 0) return;
    await lockPayment(em, paymentId);
    const payment = await em.findOneOrFail(Payment, paymentId);
    for (const { refund, found } of changes) {
      await this.recorder.recordRefund(em, payment, refund, { failureCode: null, refund: found });
    }
  }

  async refresh({ id, provider, providerRef }: Payment): Promise<void> {
    if (providerRef === null) return;
    const refunds = await this.read(this.providers.of(provider), providerRef);
    if (refunds.length > 0) await this.transactions.run((em) => this.apply(em, id, refunds));
  }
}

const changeable = (em: EntityManager, paymentId: string): Promise<Refund[]> =>
  em.find(Refund, { paymentId, status: { $ne: 'failed' }, providerRef: { $ne: null } });
