import { Controller, Post } from '@nestjs/common';
import { Answers, Body, Roles } from '@roost/platform';
import { ImportOutcome, ImportReviews } from './import.dto.js';
import { ImportService } from './import.service.js';

@Controller('v1/admin/imports')
export class ImportController {
  constructor(private readonly imports: ImportService) {}

  @Post('reviews')
  @Roles('admin')
  @Answers(200, ImportOutcome)
  reviews(@Body(ImportReviews) rows: ImportReviews): Promise<ImportOutcome> {
    return this.imports.importAll(rows);
  }
}
