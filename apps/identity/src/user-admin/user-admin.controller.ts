import { Controller, Get } from '@nestjs/common';
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

@Controller('v1/admin/users')
@Roles('admin')
export class UserAdminController {
  constructor(private readonly users: UserAdminService) {}

  @Summary('List users')
  @Get()
  @RespondsWith(200, AdminUserPage, 'auth.forbidden')
  list(
    @CurrentUser() admin: AuthUser,
    @QueryParams(AdminUsersQuery) query: AdminUsersQuery,
  ): Promise<PageOf<AdminUserView>> {
    return this.users.list(admin, query);
  }

  @Summary('Read a user with their sessions and suspensions')
  @Get(':id')
  @RespondsWith(200, AdminUserDetails, 'auth.forbidden', 'user.not_found')
  one(@CurrentUser() admin: AuthUser, @Param('id', Uuid) id: string): Promise<AdminUserDetails> {
    return this.users.find(admin, id);
  }
}
