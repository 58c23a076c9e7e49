import { Controller, Get, Post } from '@nestjs/common';
import { AdminReason } from '@roost/audit';
import {
  RespondsWith,
  type AuthUser,
  Body,
  CurrentUser,
  Page,
  type PageOf,
  Param,
  QueryParams,
  Roles,
  Uuid,
  Summary,
} from '@roost/http';
import { HideReview, ListReports, ReportReceipt, ReportReview, ReviewReport } from './moderation.dto.js';
import { ModerationService } from './moderation.service.js';

@Controller('v1')
export class ModerationController {
  constructor(private readonly moderation: ModerationService) {}

  @Summary('Report a review')
  @Post('reviews/:id/report')
  @RespondsWith(201, ReportReceipt, 'review.not_found')
  report(
    @CurrentUser() reporter: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(ReportReview) body: ReportReview,
  ): Promise<ReportReceipt> {
    return this.moderation.report(reporter, id, body);
  }

  @Summary('List the reports of reviews')
  @Get('admin/review-reports')
  @Roles('admin')
  @RespondsWith(200, Page(ReviewReport))
  reports(
    @CurrentUser() admin: AuthUser,
    @QueryParams(ListReports) query: ListReports,
  ): Promise<PageOf<ReviewReport>> {
    return this.moderation.listReports(admin, query);
  }

  @Summary('Dismiss a report')
  @Post('admin/review-reports/:id/dismiss')
  @Roles('admin')
  @RespondsWith(204, 'review.report_not_found')
  dismiss(@CurrentUser() admin: AuthUser, @Param('id', Uuid) id: string): Promise<void> {
    return this.moderation.dismiss(admin, id);
  }

  @Summary('Hide a review')
  @Post('admin/reviews/:id/hide')
  @Roles('admin')
  @RespondsWith(204, 'review.not_found', 'review.wrong_state')
  hide(
    @CurrentUser() admin: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(HideReview) { reason }: HideReview,
  ): Promise<void> {
    return this.moderation.hide(admin, id, reason);
  }

  @Summary('Restore a review')
  @Post('admin/reviews/:id/restore')
  @Roles('admin')
  @RespondsWith(204, 'review.not_found', 'review.wrong_state')
  restore(@CurrentUser() admin: AuthUser, @Param('id', Uuid) id: string): Promise<void> {
    return this.moderation.restore(admin, id);
  }

  @Summary('Hide a reply')
  @Post('admin/reviews/:id/reply/hide')
  @Roles('admin')
  @RespondsWith(204, 'review.not_found', 'review.wrong_state')
  hideReply(
    @CurrentUser() admin: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(AdminReason) { reason }: AdminReason,
  ): Promise<void> {
    return this.moderation.hideReply(admin, id, reason);
  }

  @Summary('Restore a reply')
  @Post('admin/reviews/:id/reply/restore')
  @Roles('admin')
  @RespondsWith(204, 'review.not_found', 'review.wrong_state')
  restoreReply(@CurrentUser() admin: AuthUser, @Param('id', Uuid) id: string): Promise<void> {
    return this.moderation.restoreReply(admin, id);
  }
}
