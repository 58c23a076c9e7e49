import { Controller, Post } from '@nestjs/common';
import { type AuthUser, Body, CurrentUser, ImportResults, RespondsWith, Roles, Summary } from '@roost/http';
import { ImportBlocks } from './calendar-import.dto.js';
import { CalendarImportService } from './calendar-import.service.js';

@Controller('v1/admin/imports')
export class CalendarImportController {
  constructor(private readonly imports: CalendarImportService) {}

  @Summary('Import blocks')
  @Post('blocks')
  @Roles('admin')
  @RespondsWith(200, ImportResults)
  blocks(@CurrentUser() admin: AuthUser, @Body(ImportBlocks) batch: ImportBlocks): Promise<ImportResults> {
    return this.imports.blocks(admin, batch);
  }
}
