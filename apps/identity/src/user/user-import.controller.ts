import { Controller, Post } from '@nestjs/common';
import { RespondsWith, type AuthUser, Body, CurrentUser, ImportResults, Roles, Summary } from '@roost/http';
import { ImportHosts } from './user-import.dto.js';
import { UserImportService } from './user-import.service.js';

@Controller('v1/admin/imports')
export class UserImportController {
  constructor(private readonly imports: UserImportService) {}

  @Summary('Import hosts')
  @Post('hosts')
  @Roles('admin')
  @RespondsWith(200, ImportResults)
  hosts(@CurrentUser() admin: AuthUser, @Body(ImportHosts) batch: ImportHosts): Promise<ImportResults> {
    return this.imports.hosts(admin, batch);
  }
}
