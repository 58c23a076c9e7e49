import { setTimeout as delay } from 'node:timers/promises';
import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { faultPoint, Transactions } from '@roost/messaging';
import { CONFIG, type Config, SystemClock } from '@roost/platform';
import type { PaymentsConfig } from '../config.js';
import { PaymentOperation } from '../operation/operation.entity.js';
import {
  claimOperation,
  dueOperations,
  noteShortage,
  postponeOperation,
} from '../operation/operation.queries.js';
import { Providers } from '../provider/providers.js';
import { OperationRecorder } from './operation-recorder.service.js';
import { Payment } from './payment.entity.js';
import { ProviderCaller } from './provider-caller.service.js';
import { Refund } from './refund.entity.js';

const MAX_RETRY_SECONDS = 300;

/**
 * Runs operations: claim → call → record. No call is made inside a transaction. The key of an operation changes only
 * when the provider has stated that it moved no money, so a repeated call (after a crash or a lost response) has one effect.
 */
@Injectable()
export class OperationRunner {
  /** Longer than a call with its repetition can take, so that two workers do not run one operation at once. */
  private readonly leaseSeconds: number;
  /**
   * Longer than a list and a refund with their repetitions can take: another worker then sees the refund in its list. Short
   * enough to finish the refund of a killed worker within a minute.
   */
  private readonly refundLeaseSeconds: number;

  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly provider: ProviderCaller,
    private readonly recorder: OperationRecorder,
    private readonly providers: Providers,
    private readonly clock: SystemClock,
    @Inject(CONFIG) config: Config<typeof PaymentsConfig>,
  ) {
    this.leaseSeconds = config.PROVIDER_TIMEOUT_SECONDS * 2.5;
    this.refundLeaseSeconds = config.PROVIDER_TIMEOUT_SECONDS * 4.5;
  }

  /** Runs one operation and records its outcome. Does nothing if it is closed or another worker runs it. */
  async run(operationId: string): Promise<void> {
    const em = this.orm.em.fork();
    const operation = await claimOperation(em, operationId, {
      refund: this.refundLeaseSeconds,
      other: this.leaseSeconds,
    });
    if (!operation) return;
    const payment = await em.findOneOrFail(Payment, operation.paymentId);
    const refund = operation.refundId ? await em.findOneOrFail(Refund, operation.refundId) : null;
    const outcome = await this.provider.call({ operation, payment, refund });
    if (outcome === 'shortage' || outcome === 'unclear') {
      await this.postpone(operation, payment, outcome);
      return;
    }
    await faultPoint('payments.after-provider');
    if (outcome.intent?.status === 'captured') await faultPoint('payments.after-capture');
    await this.transactions.run((tx) => this.recorder.record(tx, operation, outcome));
  }

  /** Waits for an operation that another worker runs. Null if its lease ends before the operation is closed. */
  async waitUntilClosed(operationId: string): Promise<PaymentOperation | null> {
    const deadline = performance.now() + this.leaseSeconds * 1_000;
    for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 1.5, 200)) {
      const operation = await this.orm.em.fork().findOneOrFail(PaymentOperation, operationId);
      if (operation.status !== 'pending') return operation;
      const leased = operation.leaseUntil !== null && operation.leaseUntil > this.clock.now();
      if (!leased || performance.now() > deadline) return null;
      await delay(pauseMs);
    }
  }

  /** The ids of due operations without a valid lease, oldest first. */
  due(limit: number): Promise<string[]> {
    return dueOperations(this.orm.em.fork(), limit);
  }

  private async postpone(
    operation: PaymentOperation,
    { provider }: Payment,
    reason: 'shortage' | 'unclear',
  ): Promise<void> {
    const { id, kind, tries } = operation;
    // A refund that timed out may still run at the provider. Where refunds have no key, the retry must see it in their list.
    const isUnsafe =
      reason === 'unclear' &&
      kind === 'refund' &&
      this.providers.find(provider)?.capabilities.idempotentRefunds !== true;
    const minimumSeconds = isUnsafe ? this.leaseSeconds : 0;
    const waitSeconds = Math.max(minimumSeconds, Math.min(2 ** tries, MAX_RETRY_SECONDS));
    await this.transactions.run(
      async (em) => {
        if (reason === 'shortage') await noteShortage(em, operation);
        await postponeOperation(em, id, { waitSeconds, minimumSeconds });
      },
      { isolation: 'read committed' },
    );
  }
}
