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
  VerifiedEmail,
} from '@roost/http';
import {
  type AdminReport,
  AdminReportPage,
  AdminReportsQuery,
  CreateReport,
  DecideReport,
  Report,
} from './report.dto.js';
import { ReportService } from './report.service.js';

@Controller('v1')
export class ReportController {
  constructor(private readonly reports: ReportService) {}

  @Summary('Report a user, a listing, a message, a review or a reply')
  @Post('reports')
  @VerifiedEmail()
  @RespondsWith(
    201,
    Report,
    'user.not_found',
    'listing.not_found',
    'message.not_found',
    'review.not_found',
    'report.subject_is_own',
    'report.already_open',
    'rate.too_many_reports',
  )
  create(@CurrentUser() reporter: AuthUser, @Body(CreateReport) body: CreateReport): Promise<Report> {
    return this.reports.create(reporter, body);
  }

  @Summary('List reports')
  @Get('admin/reports')
  @Roles('admin')
  @RespondsWith(200, AdminReportPage, 'auth.forbidden')
  list(
    @CurrentUser() admin: AuthUser,
    @QueryParams(AdminReportsQuery) query: AdminReportsQuery,
  ): Promise<PageOf<AdminReport>> {
    return this.reports.list(admin, query);
  }

  @Summary('Uphold a report')
  @Post('admin/reports/:id/uphold')
  @Roles('admin')
  @RespondsWith(204, 'auth.forbidden', 'report.not_found', 'report.already_decided')
  uphold(
    @CurrentUser() admin: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(DecideReport) { note }: DecideReport,
  ): Promise<void> {
    return this.reports.decide(admin, id, { status: 'upheld', note });
  }

  @Summary('Dismiss a report of a user, listing, message, review or reply')
  @Post('admin/reports/:id/dismiss')
  @Roles('admin')
  @RespondsWith(204, 'auth.forbidden', 'report.not_found', 'report.already_decided')
  dismiss(
    @CurrentUser() admin: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(DecideReport) { note }: DecideReport,
  ): Promise<void> {
    return this.reports.decide(admin, id, { status: 'dismissed', note });
  }
}
