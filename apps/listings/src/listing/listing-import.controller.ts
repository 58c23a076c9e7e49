import { Controller, Post } from '@nestjs/common';
import { type AuthUser, Body, CurrentUser, ImportResults, RespondsWith, Roles, Summary } from '@roost/http';
import { ImportListings } from './listing-import.dto.js';
import { ListingImportService } from './listing-import.service.js';

@Controller('v1/admin/imports')
export class ListingImportController {
  constructor(private readonly imports: ListingImportService) {}

  @Summary('Import listings')
  @Post('listings')
  @Roles('admin')
  @RespondsWith(200, ImportResults)
  listings(
    @CurrentUser() admin: AuthUser,
    @Body(ImportListings) batch: ImportListings,
  ): Promise<ImportResults> {
    return this.imports.listings(admin, batch);
  }
}
