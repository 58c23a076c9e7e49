import { MikroORM, type EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { faultPoint, Transactions } from '@roost/messaging';
import { CONFIG, type Config, LOGGER, Metrics, SystemClock } from '@roost/platform';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import type { PaymentsConfig } from '../config.js';
import { Payment } from '../payment/payment.entity.js';
import { PaymentProgress } from '../payment/payment.progress.js';
import {
  type PaymentProvider,
  type ProviderIntent,
  type ProviderRefund,
  ProviderRefusal,
  ProviderUnavailable,
} from '../provider/provider.port.js';
import { Providers } from '../provider/providers.js';
import { Refund } from '../refund/refund.entity.js';
import { RefundService } from '../refund/refund.service.js';
import { PaymentOperation } from './operation.entity.js';

/** What is known for certain after a call. */
interface Outcome {
  failureCode: string | null;
  intent: ProviderIntent | null;
  refund: ProviderRefund | null;
}

const done = (intent: ProviderIntent): Outcome => ({ failureCode: null, intent, refund: null });

/**
 * Makes the calls that were planned: claim → call → record. No call is made inside a transaction. The key of an
 * operation never changes, so a call that is made twice (a crash, a lost answer) is one at the provider.
 */
@Injectable()
export class OperationRunner {
  /** Longer than a call with its repetition can take, so that two never make it at once. */
  private readonly leaseSeconds: number;
  private readonly calls: Counter<'kind' | 'outcome'>;

  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly providers: Providers,
    private readonly progress: PaymentProgress,
    private readonly refunds: RefundService,
    private readonly clock: SystemClock,
    @Inject(CONFIG) config: Config<typeof PaymentsConfig>,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.calls = metrics.counter('payments_provider_calls_total', 'Calls to providers, by kind and outcome', [
      'kind',
      'outcome',
    ]);
    this.leaseSeconds = config.PROVIDER_TIMEOUT_SECONDS * 2.5;
  }

  /** Makes one call and records what came of it. Nothing happens when it is done, or somebody is at it. */
  async run(operationId: string): Promise<void> {
    const operation = await this.claim(operationId);
    if (!operation) return;
    const em = this.orm.em.fork();
    const payment = await em.findOneOrFail(Payment, operation.paymentId);
    const refund = operation.refundId ? await em.findOneOrFail(Refund, operation.refundId) : null;
    let outcome: Outcome;
    try {
      outcome = await this.call(operation, payment, refund);
    } catch (error) {
      if (!(error instanceof ProviderUnavailable)) throw error;
      this.logger.warn(
        { err: error, paymentId: payment.id, operation: operation.kind },
        'provider call unclear',
      );
      this.calls.inc({ kind: operation.kind, outcome: 'unclear' });
      await this.postpone(operation);
      return;
    }
    this.calls.inc({ kind: operation.kind, outcome: outcome.failureCode === null ? 'done' : 'refused' });
    await faultPoint('payments.after-provider');
    if (outcome.intent?.status === 'captured') await faultPoint('payments.after-capture');
    await this.transactions.run((tx) => this.record(tx, operation, outcome));
  }

  /** Waits until an operation that somebody else runs is over; false when it takes too long. */
  async finished(operationId: string): Promise<PaymentOperation | null> {
    const until = performance.now() + this.leaseSeconds * 1_000;
    for (let pause = 10; ; pause = Math.min(pause * 1.5, 200)) {
      const operation = await this.orm.em.fork().findOneOrFail(PaymentOperation, operationId);
      if (operation.status !== 'pending') return operation;
      const waiting = operation.leaseUntil !== null && operation.leaseUntil > this.clock.now();
      if (!waiting || performance.now() > until) return null;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  /** Operations nobody is at, oldest first. */
  async due(limit: number): Promise<string[]> {
    const rows = await this.orm.em.fork().execute<{ id: string }[]>(
      `SELECT id FROM payment_operation WHERE status = 'pending' AND due_at <= clock_timestamp()
         AND (lease_until IS NULL OR lease_until < clock_timestamp()) ORDER BY due_at LIMIT ?`,
      [limit],
    );
    return rows.map((row) => row.id);
  }

  private async claim(operationId: string): Promise<PaymentOperation | null> {
    const rows = await this.transactions.run(
      (em) =>
        em.execute<{ id: string }[]>(
          `UPDATE payment_operation SET tries = tries + 1, lease_until = clock_timestamp() + ? * interval '1 second'
           WHERE id = ? AND status = 'pending' AND (lease_until IS NULL OR lease_until < clock_timestamp())
           RETURNING id`,
          [this.leaseSeconds, operationId],
        ),
      { isolation: 'read committed' },
    );
    return rows.length === 0 ? null : this.orm.em.fork().findOneOrFail(PaymentOperation, operationId);
  }

  private async call(operation: PaymentOperation, payment: Payment, refund: Refund | null): Promise<Outcome> {
    const provider = this.providers.of(payment.provider);
    await faultPoint('payments.before-provider');
    try {
      return await this.ask(provider, operation, payment, refund);
    } catch (error) {
      if (!(error instanceof ProviderRefusal)) throw error;
      this.logger.info(
        { paymentId: payment.id, operation: operation.kind, code: error.code },
        'provider refused a call',
      );
      const intent = error.intent ?? (payment.providerRef ? await provider.find(payment.providerRef) : null);
      return { failureCode: error.code, intent, refund: null };
    }
  }

  private async ask(
    provider: PaymentProvider,
    operation: PaymentOperation,
    payment: Payment,
    refund: Refund | null,
  ): Promise<Outcome> {
    const { key } = operation;
    const again = operation.tries > 1;
    if (operation.kind === 'create') {
      const known = again ? await provider.findByPayment(payment.id) : null;
      return done(
        known ??
          (await provider.create({
            key,
            paymentId: payment.id,
            bookingId: payment.bookingId,
            amountMinor: payment.amountMinor,
            currency: payment.currency,
            capture: payment.capture,
          })),
      );
    }
    const ref = payment.providerRef;
    if (ref === null) throw new Error(`payment ${payment.id} is not known to its provider`);
    const letGo = payment.wish === 'release' || payment.wish === 'lapse';
    switch (operation.kind) {
      case 'confirm': {
        // Money is not taken late for a booking that is over: what the first try did is looked up instead.
        const seen = again ? await provider.find(ref) : null;
        if (seen && seen.status !== 'open') return done(seen);
        if (seen && letGo) return { failureCode: 'abandoned', intent: seen, refund: null };
        return done(await provider.confirm({ key, ref, paymentMethod: operation.paymentMethod ?? '' }));
      }
      case 'capture': {
        if (letGo) return { failureCode: 'abandoned', intent: await provider.find(ref), refund: null };
        return done(await provider.capture({ key, ref, amountMinor: payment.amountMinor }));
      }
      case 'void':
        return done(await provider.cancel({ key, ref }));
      case 'refund': {
        if (!refund) throw new Error(`operation ${operation.id} has no refund`);
        const known =
          again && !provider.capabilities.idempotentRefunds
            ? (await provider.refunds(ref)).find((one) => one.refundId === refund.id)
            : undefined;
        const { id: refundId, amountMinor, reason } = refund;
        return {
          failureCode: null,
          intent: null,
          refund: known ?? (await provider.refund({ key, ref, refundId, amountMinor, reason })),
        };
      }
    }
  }

  private async record(em: EntityManager, operation: PaymentOperation, outcome: Outcome): Promise<void> {
    // The payment before its operations, as whoever plans one: two who want both would else wait for each other.
    await em.execute('SELECT FROM payment WHERE id = ? FOR NO KEY UPDATE', [operation.paymentId], 'run');
    const closed = await em.execute<{ id: string }[]>(
      `UPDATE payment_operation SET status = ?, failure_code = ?, lease_until = NULL, finished_at = ?
       WHERE id = ? AND status = 'pending' RETURNING id`,
      [outcome.failureCode === null ? 'done' : 'failed', outcome.failureCode, this.clock.now(), operation.id],
    );
    if (closed.length === 0) return;
    const payment = await em.findOneOrFail(Payment, operation.paymentId);
    if (operation.refundId) await this.recordRefund(em, payment, operation.refundId, outcome);
    if (outcome.intent) await this.progress.sight(em, payment, outcome.intent, false);
  }

  private async recordRefund(
    em: EntityManager,
    payment: Payment,
    refundId: string,
    outcome: Outcome,
  ): Promise<void> {
    const refund = await em.findOneOrFail(Refund, refundId);
    if (outcome.refund?.status !== 'succeeded') {
      await this.refunds.refused(em, payment, refund, outcome.failureCode ?? 'refund_failed');
      return;
    }
    await this.refunds.paid(em, payment, refund, outcome.refund.ref);
    await this.progress.publish(em, payment, 'payment.refunded', {
      refundId: refund.id,
      refundAmountMinor: refund.amountMinor,
      reason: refund.reason,
    });
  }

  private async postpone(operation: PaymentOperation): Promise<void> {
    const waitSeconds = Math.min(2 ** operation.tries, 300);
    await this.transactions.run(
      (em) =>
        em.execute(
          `UPDATE payment_operation SET lease_until = NULL, due_at = clock_timestamp() + ? * interval '1 second'
           WHERE id = ? AND status = 'pending'`,
          [waitSeconds, operation.id],
          'run',
        ),
      { isolation: 'read committed' },
    );
  }
}
