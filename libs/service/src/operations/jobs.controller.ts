import { Controller, Get, Post, type Type, UseGuards } from '@nestjs/common';
import { AdminReason } from '@roost/audit';
import {
  type AuthUser,
  Body,
  CurrentUser,
  decodeCursor,
  page,
  PageQuery,
  Param,
  QueryParams,
  RespondsWith,
  Roles,
  Summary,
} from '@roost/http';
import { type FailedJob, type JobObstacle, JobOperations, Problem } from '@roost/platform';
import { z } from 'zod';
import { ActiveSessionGuard } from './active-sessions.js';
import { AuditedOperations } from './audited-operations.js';
import { type FailedJobView, JobId, JobsView, serviceParameter } from './operations.dto.js';

const Cursor = z.tuple([z.int().min(0), JobId]);

/** The routes over the queue of one service. The gateway shares each with the other services. */
export function jobsController(service: string): Type {
  const OfService = z.strictObject(serviceParameter(service));
  type OfService = z.output<typeof OfService>;
  const List = z.strictObject({ ...serviceParameter(service), ...PageQuery });
  type List = z.output<typeof List>;

  @Controller('v1/admin/jobs')
  @Roles('admin')
  @UseGuards(ActiveSessionGuard)
  class JobsController {
    constructor(
      private readonly jobs: JobOperations,
      private readonly audited: AuditedOperations,
    ) {}

    @Summary('Count the jobs of a service and list those that failed')
    @Get()
    @RespondsWith(200, JobsView, 'auth.forbidden')
    async list(@QueryParams(List) { limit, cursor }: List): Promise<JobsView> {
      const [failedAt, id] = decodeCursor(cursor, Cursor) ?? [];
      const after = failedAt === undefined || id === undefined ? null : { failedAt, id };
      const [counts, failed] = await Promise.all([
        this.jobs.counts(),
        this.jobs.listFailed(limit + 1, after),
      ]);
      const { data, nextCursor } = page(failed, limit, (job) => [job.failedAt.getTime(), job.id]);
      return { queue: { name: service, ...counts }, data: data.map(toView), nextCursor };
    }

    @Summary('Run a failed job again')
    @Post(':id/retry')
    @RespondsWith(202, 'auth.forbidden', 'job.not_found', 'job.not_failed')
    retry(
      @Param('id', JobId) id: string,
      @QueryParams(OfService) _: OfService,
      @Body(AdminReason) { reason }: AdminReason,
      @CurrentUser() actor: AuthUser,
    ): Promise<void> {
      return this.#decide('retry', id, actor, reason);
    }

    @Summary('Discard a failed job')
    @Post(':id/discard')
    @RespondsWith(204, 'auth.forbidden', 'job.not_found', 'job.not_failed')
    discard(
      @Param('id', JobId) id: string,
      @QueryParams(OfService) _: OfService,
      @Body(AdminReason) { reason }: AdminReason,
      @CurrentUser() actor: AuthUser,
    ): Promise<void> {
      return this.#decide('discard', id, actor, reason);
    }

    async #decide(action: 'retry' | 'discard', id: string, actor: AuthUser, reason: string): Promise<void> {
      rejectObstacle(await this.jobs.obstacle(id));
      await this.audited.attempt({ actor, action: `job.${action}`, subject: { type: 'job', id }, reason });
      const outcome = await this.jobs[action](id);
      if (outcome !== 'done') rejectObstacle(outcome);
    }
  }
  return JobsController;
}

function rejectObstacle(obstacle: JobObstacle | null): void {
  if (obstacle === 'not-found') throw new Problem('job.not_found');
  if (obstacle === 'not-failed') throw new Problem('job.not_failed');
}

const toView = ({ addedAt, failedAt, ...job }: FailedJob): FailedJobView => ({
  ...job,
  addedAt: addedAt.toISOString(),
  failedAt: failedAt.toISOString(),
});
