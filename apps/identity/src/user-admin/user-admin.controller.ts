import { Controller, Get, Post } from '@nestjs/common';
import { type AuditLogEntry, AuditLogPage, AuditLogQuery, OptionalAdminReason } from '@roost/audit';
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
import { AdminUserDetails, AdminUserPage, AdminUsersQuery, type AdminUserView } from './user-admin.dto.js';
import { UserAdminService } from './user-admin.service.js';

@Controller('v1/admin')
@Roles('admin')
export class UserAdminController {
  constructor(private readonly users: UserAdminService) {}

  @Summary('List users')
  @Get('users')
  @RespondsWith(200, AdminUserPage, 'auth.forbidden')
  list(
    @CurrentUser() admin: AuthUser,
    @QueryParams(AdminUsersQuery) query: AdminUsersQuery,
  ): Promise<PageOf<AdminUserView>> {
    return this.users.list(admin, query);
  }

  @Summary('Read a user with their sessions and suspensions')
  @Get('users/:id')
  @RespondsWith(200, AdminUserDetails, 'auth.forbidden', 'user.not_found')
  one(@CurrentUser() admin: AuthUser, @Param('id', Uuid) id: string): Promise<AdminUserDetails> {
    return this.users.find(admin, id);
  }

  @Summary('List what administrators did with accounts')
  @Get('audit-log')
  @RespondsWith(200, AuditLogPage, 'auth.forbidden')
  auditLog(
    @CurrentUser() admin: AuthUser,
    @QueryParams(AuditLogQuery) query: AuditLogQuery,
  ): Promise<PageOf<AuditLogEntry>> {
    return this.users.auditLog(admin, query);
  }

  @Summary('Suspend a user', 'UserController_suspend')
  @Post('users/:id/suspend')
  @RespondsWith(204, 'auth.forbidden', 'user.not_found', 'user.status_unchanged')
  async suspend(
    @CurrentUser() admin: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(OptionalAdminReason.prefault({})) { reason }: OptionalAdminReason,
  ): Promise<void> {
    await this.users.suspend(admin, id, reason);
  }

  @Summary('Reinstate a user', 'UserController_reinstate')
  @Post('users/:id/reinstate')
  @RespondsWith(204, 'auth.forbidden', 'user.not_found', 'user.status_unchanged')
  async reinstate(
    @CurrentUser() admin: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(OptionalAdminReason.prefault({})) { reason }: OptionalAdminReason,
  ): Promise<void> {
    await this.users.reinstate(admin, id, reason);
  }
}
