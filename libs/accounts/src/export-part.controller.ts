import type { Readable } from 'node:stream';
import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type AuthUser, CurrentUser, Param, Uuid } from '@roost/http';
import { ExportPartService } from './export-part.service.js';

/** The part of the service for the file of an export, which the gateway joins. Identity documents the route. */
@ApiExcludeController()
@Controller('v1')
export class ExportPartController {
  constructor(private readonly parts: ExportPartService) {}

  @Get('me/exports/:id/file')
  @Header('content-type', 'application/json; charset=utf-8')
  @Header('cache-control', 'no-store')
  read(@CurrentUser() user: AuthUser, @Param('id', Uuid) id: string): Promise<Readable> {
    return this.parts.open(user.id, id);
  }
}
