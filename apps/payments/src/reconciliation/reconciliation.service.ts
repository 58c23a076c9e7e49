import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { SystemClock } from '@roost/platform';
import { Payment } from '../payment/payment.entity.js';
import type { PaymentProvider, ProviderIntent } from '../provider/provider.port.js';
import { Providers } from '../provider/providers.js';
import { LedgerCheck } from './ledger.check.js';
import { difference, type Difference, type Reconciliation } from './reconciliation.dto.js';

const BATCH = 100;
const STUCK_MINUTES = 5;

/** Compares what the providers, the payments, the ledger and the bookings say, and lists each difference. */
@Injectable()
export class ReconciliationService {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly providers: Providers,
    private readonly ledger: LedgerCheck,
    private readonly clock: SystemClock,
  ) {}

  async run(): Promise<Reconciliation> {
    const ledger = await this.ledger.run();
    const differences = [...ledger.differences, ...(await this.bookings()), ...(await this.stuck())];
    let providerPayments = 0;
    for (const provider of this.providers.all) {
      const compared = await this.compare(provider);
      providerPayments += compared.seen;
      differences.push(...compared.differences);
    }
    return {
      checkedAt: this.clock.now().toISOString(),
      payments: await this.orm.em.fork().count(Payment),
      providerPayments,
      movements: ledger.movements,
      balanced: !differences.some((one) => one.kind.startsWith('ledger.')),
      differences,
    };
  }

  private async compare(provider: PaymentProvider): Promise<{ seen: number; differences: Difference[] }> {
    const differences: Difference[] = [];
    const refs = new Set<string>();
    let batch: ProviderIntent[] = [];
    const flush = async () => {
      for (const intent of await this.suspects(provider, batch)) {
        const found = await this.suspect(provider, intent.ref);
        if (found) differences.push(found);
      }
      batch = [];
    };
    for await (const intent of provider.all()) {
      refs.add(intent.ref);
      if (batch.push(intent) === BATCH) await flush();
    }
    await flush();
    const ours = await this.orm.em
      .fork()
      .find(
        Payment,
        { provider: provider.name, providerRef: { $ne: null }, capturedMinor: { $gt: 0 } },
        { fields: ['providerRef', 'currency', 'capturedMinor'] },
      );
    for (const payment of ours) {
      const ref = payment.providerRef;
      if (ref !== null && !refs.has(ref)) {
        differences.push(
          difference('provider.missing_payment', 'The provider has no such payment', {
            paymentId: payment.id,
            providerRef: ref,
            currency: payment.currency,
            expectedMinor: payment.capturedMinor,
            foundMinor: 0,
          }),
        );
      }
    }
    return { seen: refs.size, differences };
  }

  /** Those of a batch that look different at first sight. */
  private async suspects(
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
      return payment
        ? payment.capturedMinor !== intent.capturedMinor || payment.refundedMinor !== intent.refundedMinor
        : intent.authorizedMinor > 0;
    });
  }

  /** Looks twice: what was only under way between two reads is no difference. */
  private async suspect(provider: PaymentProvider, ref: string): Promise<Difference | null> {
    const em = this.orm.em.fork();
    const payment = await em.findOne(Payment, { provider: provider.name, providerRef: ref });
    const intent = await provider.find(ref);
    if (!payment) {
      if (intent.authorizedMinor === 0 || intent.status === 'canceled') return null;
      return difference('provider.unknown_payment', 'The provider has a payment that is not known here', {
        providerRef: ref,
        currency: intent.currency,
        expectedMinor: 0,
        foundMinor: intent.capturedMinor,
      });
    }
    const [open] = await em.execute<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM payment_operation WHERE payment_id = ? AND status = 'pending'`,
      [payment.id],
    );
    if ((open?.count ?? 0) > 0) return null;
    for (const [what, expected, found] of [
      ['captured', payment.capturedMinor, intent.capturedMinor],
      ['refunded', payment.refundedMinor, intent.refundedMinor],
    ] as const) {
      if (expected !== found) {
        return difference('provider.amount_differs', `The provider has another amount ${what}`, {
          paymentId: payment.id,
          providerRef: ref,
          currency: payment.currency,
          expectedMinor: expected,
          foundMinor: found,
        });
      }
    }
    return null;
  }

  /** Never confirmed and unpaid, never captured and dead. */
  private async bookings(): Promise<Difference[]> {
    const rows = await this.orm.em.fork().execute<
      {
        id: string;
        provider_ref: string | null;
        currency: string;
        kind:
          'booking.confirmed_unpaid' | 'booking.ended_but_captured' | 'booking.undecided' | 'refund.refused';
        expected: number;
        found: number;
      }[]
    >(
      `SELECT id, provider_ref, currency, 'booking.confirmed_unpaid' AS kind, amount_minor AS expected, captured_minor AS found
         FROM payment WHERE confirmed AND wish IN ('pay', 'capture') AND captured_minor = 0
       UNION ALL
       SELECT id, provider_ref, currency, 'booking.ended_but_captured', captured_minor, refund_reserved_minor
         FROM payment WHERE wish = 'release' AND release_minor IS NULL AND captured_minor > refund_reserved_minor
       UNION ALL
       SELECT id, provider_ref, currency, 'booking.undecided', 0, authorized_minor FROM payment
         WHERE wish = 'lapse' AND status IN ('authorized', 'captured') AND updated_at < ?
       UNION ALL
       SELECT p.id, p.provider_ref, p.currency, 'refund.refused', r.amount_minor, 0
         FROM refund r JOIN payment p ON p.id = r.payment_id WHERE r.status = 'failed'
       LIMIT 1000`,
      [this.minutesAgo(STUCK_MINUTES)],
    );
    const details = {
      'booking.confirmed_unpaid': 'The booking is confirmed, its money is not here',
      'booking.ended_but_captured': 'The booking is over, its money is still here',
      'booking.undecided': 'Money landed after the hold ran out, and bookings has not decided',
      'refund.refused': 'The provider refused a refund',
    };
    return rows.map((row) =>
      difference(row.kind, details[row.kind], {
        paymentId: row.id,
        providerRef: row.provider_ref,
        currency: row.currency,
        expectedMinor: row.expected,
        foundMinor: row.found,
      }),
    );
  }

  private async stuck(): Promise<Difference[]> {
    const since = this.minutesAgo(STUCK_MINUTES);
    const rows = await this.orm.em
      .fork()
      .execute<{ kind: 'operation.stuck' | 'webhook.stuck'; payment_id: string | null; what: string }[]>(
        `SELECT 'operation.stuck' AS kind, payment_id, kind AS what FROM payment_operation
         WHERE status = 'pending' AND created_at < ?
       UNION ALL
       SELECT 'webhook.stuck', payment_id, type FROM webhook_event WHERE handled_at IS NULL AND received_at < ? LIMIT 1000`,
        [since, since],
      );
    return rows.map((row) =>
      difference(row.kind, `Waiting for more than ${STUCK_MINUTES} minutes: ${row.what}`, {
        paymentId: row.payment_id,
      }),
    );
  }

  private minutesAgo(minutes: number): Date {
    return new Date(this.clock.now().getTime() - minutes * 60_000);
  }
}
