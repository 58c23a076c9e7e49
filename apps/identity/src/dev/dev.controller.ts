import { EntityManager } from '@mikro-orm/postgresql';
import { Controller, Get, Headers, Post, Res, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Body, contentSecurityPolicy, Public, QueryParams } from '@roost/http';
import type { FastifyReply } from 'fastify';
import { CreateDevUser, type DevUser, type InboxMail, InboxQuery } from './dev.dto.js';
import { DevUserService } from './dev-user.service.js';
import { DevelopmentGuard } from './development.guard.js';
import { inboxPage } from './inbox.page.js';
import { findLatestMails } from './inbox.queries.js';

const POLICY = contentSecurityPolicy({
  'style-src': "'unsafe-inline'",
  'frame-src': "'self'",
  'form-action': "'self'",
});

@ApiExcludeController()
@Public()
@UseGuards(DevelopmentGuard)
@Controller('dev')
export class DevController {
  constructor(
    private readonly users: DevUserService,
    private readonly em: EntityManager,
  ) {}

  @Post('users')
  createUser(@Body(CreateDevUser) body: CreateDevUser): Promise<DevUser> {
    return this.users.create(body);
  }

  @Get('inbox')
  async readInbox(
    @QueryParams(InboxQuery) query: InboxQuery,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ data: InboxMail[] } | string> {
    const mails = await findLatestMails(this.em, query.to);
    void reply.header('cache-control', 'no-store').header('vary', 'accept');
    if (!accept?.includes('text/html')) return { data: mails };
    void reply.type('text/html; charset=utf-8').header('content-security-policy', POLICY);
    return inboxPage(mails, query.to);
  }
}
