import { Controller, Get, Post } from '@nestjs/common';
import {
  type AuthUser,
  Body,
  CurrentUser,
  type PageOf,
  Param,
  QueryParams,
  RespondsWith,
  Roles,
  Summary,
  Uuid,
} from '@roost/http';
import { Problem } from '@roost/platform';
import {
  LastRunQuery,
  ReconciliationRunView,
  RunDetailsView,
  RunsQuery,
  RunSummaryPage,
  type RunSummaryView,
  StartReconciliation,
  toRunView,
} from './reconciliation-run.dto.js';
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
  @RespondsWith(
    200,
    Reconciliation,
    'auth.forbidden',
    'payment.reconciliation_running',
    'payment.reconciliation_too_long',
  )
  run(): Promise<Reconciliation> {
    return this.reconciliation.compareNow();
  }

  @Summary('Read the result of the last reconciliation that has finished, of one scope or of both')
  @Get('last')
  @RespondsWith(200, ReconciliationRunView, 'auth.forbidden', 'payment.reconciliation_not_run')
  async last(@QueryParams(LastRunQuery) { scope }: LastRunQuery): Promise<ReconciliationRunView> {
    const last = await this.runs.last(scope ?? null);
    if (!last) throw new Problem('payment.reconciliation_not_run');
    return toRunView(last);
  }

  @Summary('Start a reconciliation in the background')
  @Post('runs')
  @RespondsWith(202, RunDetailsView, 'auth.forbidden', 'payment.reconciliation_running')
  start(
    @CurrentUser() admin: AuthUser,
    @Body(StartReconciliation) { scope }: StartReconciliation,
  ): Promise<RunDetailsView> {
    return this.runs.start(scope, admin);
  }

  @Summary('List the reconciliations, without their differences')
  @Get('runs')
  @RespondsWith(200, RunSummaryPage, 'auth.forbidden')
  list(@QueryParams(RunsQuery) query: RunsQuery): Promise<PageOf<RunSummaryView>> {
    return this.runs.list(query);
  }

  @Summary('Read a reconciliation')
  @Get('runs/:id')
  @RespondsWith(200, RunDetailsView, 'auth.forbidden', 'payment.reconciliation_not_found')
  find(@Param('id', Uuid) id: string): Promise<RunDetailsView> {
    return this.runs.find(id);
  }
}
