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
import {
  type AdminThread,
  AdminThreadDetails,
  AdminThreadPage,
  AdminThreadsQuery,
  ReadThreadAsAdmin,
} from './thread-admin.dto.js';
import { ThreadAdminService } from './thread-admin.service.js';

@Controller('v1/admin')
@Roles('admin')
export class ThreadAdminController {
  constructor(private readonly threads: ThreadAdminService) {}

  @Summary('List the threads of all users')
  @Get('threads')
  @RespondsWith(200, AdminThreadPage, 'auth.forbidden')
  list(@QueryParams(AdminThreadsQuery) query: AdminThreadsQuery): Promise<PageOf<AdminThread>> {
    return this.threads.list(query);
  }

  @Summary('Read the messages of a thread as an administrator')
  @Get('threads/:id')
  @RespondsWith(200, AdminThreadDetails, 'auth.forbidden', 'thread.not_found')
  read(
    @CurrentUser() admin: AuthUser,
    @Param('id', Uuid) id: string,
    @QueryParams(ReadThreadAsAdmin) query: ReadThreadAsAdmin,
  ): Promise<AdminThreadDetails> {
    return this.threads.read(admin, id, query);
  }

  @Summary('Hide a message')
  @Post('messages/:id/hide')
  @RespondsWith(204, 'auth.forbidden', 'message.not_found', 'message.wrong_state')
  hide(
    @CurrentUser() admin: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(AdminReason) { reason }: AdminReason,
  ): Promise<void> {
    return this.threads.hide(admin, id, reason);
  }

  @Summary('Restore a message')
  @Post('messages/:id/restore')
  @RespondsWith(204, 'auth.forbidden', 'message.not_found', 'message.wrong_state')
  restore(
    @CurrentUser() admin: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(AdminReason) { reason }: AdminReason,
  ): Promise<void> {
    return this.threads.restore(admin, id, reason);
  }
}
