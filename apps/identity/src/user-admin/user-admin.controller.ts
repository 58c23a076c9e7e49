import { Controller, Get } from '@nestjs/common';
import { type AuditLogEntry, AuditLogPage, AuditLogQuery } from '@roost/audit';
import {
  type AuthUser,
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
}
