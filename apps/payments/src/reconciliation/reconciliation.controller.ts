import { Controller, Get } from '@nestjs/common';
import { RespondsWith, Roles, Summary } from '@roost/http';
import { Reconciliation } from './reconciliation.dto.js';
import { ReconciliationService } from './reconciliation.service.js';

@Controller('v1/admin/reconciliation')
@Roles('admin')
export class ReconciliationController {
  constructor(private readonly reconciliation: ReconciliationService) {}

  @Summary('Reconcile payments with the provider')
  @Get()
  @RespondsWith(200, Reconciliation, 'auth.forbidden', 'payment.provider_unavailable')
  run(): Promise<Reconciliation> {
    return this.reconciliation.run();
  }
}
