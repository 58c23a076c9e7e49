import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { SystemClock } from '@roost/platform';
import { Payment } from '../payment/payment.entity.js';
import { Providers } from '../provider/providers.js';
import { DisputeCheckService } from './dispute-check.service.js';
import { ProviderComparisonService } from './provider-comparison.service.js';
import { RECONCILIATION_CHECKS, type ReconciliationCheck } from './reconciliation-check.js';
import type { Difference, Reconciliation } from './reconciliation.dto.js';
import { countMovements } from './reconciliation.queries.js';
import { orUnreachable } from './unreachable-provider.js';

/** Compares providers, payments, ledger and bookings, and lists each difference. */
@Injectable()
export class ReconciliationService {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly providers: Providers,
    private readonly comparison: ProviderComparisonService,
    @Inject(RECONCILIATION_CHECKS) private readonly checks: readonly ReconciliationCheck[],
    private readonly disputes: DisputeCheckService,
    private readonly clock: SystemClock,
  ) {}

  async run(): Promise<Reconciliation> {
    const differences: Difference[] = [];
    for (const check of this.checks) differences.push(...(await check.run(this.orm.em.fork())));
    let providerPayments = 0;
    for (const provider of this.providers.all) {
      const compare = async () => {
        const compared = await this.comparison.compare(provider);
        providerPayments += compared.providerPayments;
        return compared.differences;
      };
      differences.push(...(await orUnreachable(provider.name, 'payments', compare)));
    }
    const em = this.orm.em.fork();
    return {
      checkedAt: this.clock.now().toISOString(),
      payments: await em.count(Payment),
      providerPayments,
      movements: await countMovements(em),
      balanced: !differences.some(({ kind }) => kind.startsWith('ledger.')),
      differences,
      disputes: await this.disputes.open(),
    };
  }
}
