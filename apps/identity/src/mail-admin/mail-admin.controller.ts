import { Controller, Get, Post } from '@nestjs/common';
import { AdminReason } from '@roost/audit';
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
import { type AdminMail, AdminMailPage, AdminMailsQuery } from './mail-admin.dto.js';
import { MailAdminService } from './mail-admin.service.js';

@Controller('v1/admin/mails')
@Roles('admin')
export class MailAdminController {
  constructor(private readonly mails: MailAdminService) {}

  @Summary('List mails')
  @Get()
  @RespondsWith(200, AdminMailPage, 'auth.forbidden')
  list(
    @CurrentUser() admin: AuthUser,
    @QueryParams(AdminMailsQuery) query: AdminMailsQuery,
  ): Promise<PageOf<AdminMail>> {
    return this.mails.list(admin, query);
  }

  @Summary('Send a mail again that was given up')
  @Post(':id/retry')
  @RespondsWith(202, 'auth.forbidden', 'mail.not_found', 'mail.not_given_up', 'mail.not_retryable')
  retry(
    @CurrentUser() admin: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(AdminReason) { reason }: AdminReason,
  ): Promise<void> {
    return this.mails.retry(admin, id, reason);
  }
}
