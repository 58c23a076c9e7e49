import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { SystemClock } from '@roost/platform';
import { Payment } from '../payment/payment.entity.js';
import { Providers } from '../provider/providers.js';
import { LedgerCheckService } from './ledger-check.service.js';
import { ProviderComparisonService } from './provider-comparison.service.js';
import { difference, type Difference, type Reconciliation } from './reconciliation.dto.js';
import { bookingContradictions, stuckWork } from './reconciliation.queries.js';

const STUCK_MINUTES = 5;

/** Compares providers, payments, ledger and bookings, and lists each difference. */
@Injectable()
export class ReconciliationService {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly providers: Providers,
    private readonly comparison: ProviderComparisonService,
    private readonly ledger: LedgerCheckService,
    private readonly clock: SystemClock,
  ) {}

  async run(): Promise<Reconciliation> {
    const ledger = await this.ledger.run();
    const differences = [...ledger.differences, ...(await this.bookings()), ...(await this.stuck())];
    let providerPayments = 0;
    for (const provider of this.providers.all) {
      const compared = await this.comparison.compare(provider);
      providerPayments += compared.providerPayments;
      differences.push(...compared.differences);
    }
    return {
      checkedAt: this.clock.now().toISOString(),
      payments: await this.orm.em.fork().count(Payment),
      providerPayments,
      movements: ledger.movements,
      balanced: !differences.some(({ kind }) => kind.startsWith('ledger.')),
      differences,
    };
  }

  /** A confirmed booking is paid, and an ended booking is refunded. */
  private async bookings(): Promise<Difference[]> {
    const rows = await bookingContradictions(this.orm.em.fork(), this.minutesAgo(STUCK_MINUTES));
    const details = {
      'booking.confirmed_unpaid': 'The booking is confirmed, but its payment is not captured',
      'booking.ended_but_captured': 'The booking has ended, but its payment is not fully refunded',
      'booking.undecided':
        'The payment arrived after the hold expired, and bookings has not decided about it',
      'refund.refused': 'The provider rejected a refund',
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
    const rows = await stuckWork(this.orm.em.fork(), this.minutesAgo(STUCK_MINUTES));
    return rows.map((row) =>
      difference(row.kind, `Unfinished for more than ${STUCK_MINUTES} minutes: ${row.what}`, {
        paymentId: row.payment_id,
      }),
    );
  }

  private minutesAgo(minutes: number): Date {
    return new Date(this.clock.now().getTime() - minutes * 60_000);
  }
}
