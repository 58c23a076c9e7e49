import { Controller, Get } from '@nestjs/common';
import { RespondsWith, Roles, Summary } from '@roost/http';
import { Problem } from '@roost/platform';
import { ReconciliationRunView, toRunView } from './reconciliation-run.dto.js';
import { ReconciliationRunService } from './reconciliation-run.service.js';
import { Reconciliation } from './reconciliation.dto.js';
import { ReconciliationService } from './reconciliation.service.js';

@Controller('v1/admin/reconciliation')
@Roles('admin')
export class ReconciliationController {
  constructor(
    private readonly reconciliation: ReconciliationService,
    private readonly runs: ReconciliationRunService,
  ) {}

  @Summary('Reconcile payments with the provider')
  @Get()
  @RespondsWith(200, Reconciliation, 'auth.forbidden')
  run(): Promise<Reconciliation> {
    return this.reconciliation.run();
  }

  @Summary('Read the result of the last regular reconciliation')
  @Get('last')
  @RespondsWith(200, ReconciliationRunView, 'auth.forbidden', 'payment.reconciliation_not_run')
  async last(): Promise<ReconciliationRunView> {
    const last = await this.runs.last();
    if (!last) throw new Problem('payment.reconciliation_not_run');
    return toRunView(last);
  }
}
