import type { Readable } from 'node:stream';
import { Controller, Get, Post, Res } from '@nestjs/common';
import { ExportPartService } from '@roost/accounts';
import {
  type AuthUser,
  CurrentUser,
  Param,
  RespondsWith,
  RespondsWithJoinedJson,
  StepUp,
  Summary,
  Uuid,
} from '@roost/http';
import type { FastifyReply } from 'fastify';
import { DataExport } from './export.dto.js';
import { ExportService } from './export.service.js';

@Controller('v1/me/exports')
export class ExportController {
  constructor(
    private readonly exports: ExportService,
    private readonly parts: ExportPartService,
  ) {}

  /** Poll the export until it is ready. A mail is sent when it is ready. */
  @Summary('Request an export of your data')
  @Post()
  @StepUp()
  @RespondsWith(202, DataExport, 'auth.step_up_required', 'account.suspended', 'rate.too_many_exports')
  request(@CurrentUser() auth: AuthUser): Promise<DataExport> {
    return this.exports.request(auth);
  }

  @Summary('Read an export of your data')
  @Get(':id')
  @RespondsWith(200, DataExport, 'account.suspended', 'export.not_found')
  read(@CurrentUser() auth: AuthUser, @Param('id', Uuid) id: string): Promise<DataExport> {
    return this.exports.read(auth, id);
  }

  @Summary('Download an export of your data')
  @Get(':id/file')
  @StepUp()
  @RespondsWithJoinedJson(
    'auth.step_up_required',
    'account.suspended',
    'export.not_found',
    'export.not_ready',
  )
  async file(
    @CurrentUser() auth: AuthUser,
    @Param('id', Uuid) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Readable> {
    await this.exports.requireFile(auth, id);
    const part = await this.parts.open(auth.id, id);
    void reply.header('content-disposition', 'attachment; filename="roost-export.json"');
    return part;
  }
}
