import { Controller, Post } from '@nestjs/common';
import { type AuthUser, Body, CurrentUser, ImportResults, RespondsWith, Roles, Summary } from '@roost/http';
import { ImportReviews } from './import.dto.js';
import { ImportService } from './import.service.js';

@Controller('v1/admin/imports')
export class ImportController {
  constructor(private readonly imports: ImportService) {}

  @Summary('Import reviews')
  @Post('reviews')
  @Roles('admin')
  @RespondsWith(200, ImportResults)
  reviews(@CurrentUser() admin: AuthUser, @Body(ImportReviews) batch: ImportReviews): Promise<ImportResults> {
    return this.imports.reviews(admin, batch);
  }
}
