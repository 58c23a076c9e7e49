import { Controller, Get, Post, type Type, UseGuards } from '@nestjs/common';
import { AdminReason } from '@roost/audit';
import {
  type AuthUser,
  Body,
  CurrentUser,
  decodeCursor,
  page,
  PageQuery,
  type PageOf,
  Param,
  QueryParams,
  RespondsWith,
  Roles,
  Summary,
  Uuid,
} from '@roost/http';
import { type DeadLetter, DeadLetters, type DeadLetterSummary, readBody } from '@roost/messaging';
import { Problem } from '@roost/platform';
import { z } from 'zod';
import { ActiveSessionGuard } from './active-sessions.js';
import { AuditedOperations } from './audited-operations.js';
import {
  DeadLetterDetails,
  deadLetterFilters,
  DeadLetterPage,
  type DeadLetterView,
  MarkedDeadLetters,
  RedriveDeadLetters,
  serviceParameter,
} from './operations.dto.js';

const Cursor = z.tuple([z.string().regex(/^\d{1,18}$/)]);

/** The routes over the dead letters of one service. The gateway shares each with the other services. */
export function deadLettersController(service: string): Type {
  const OfService = z.strictObject(serviceParameter(service));
  type OfService = z.output<typeof OfService>;
  const List = z.strictObject({ ...serviceParameter(service), ...deadLetterFilters, ...PageQuery });
  type List = z.output<typeof List>;

  @Controller('v1/admin/dead-letters')
  @Roles('admin')
  @UseGuards(ActiveSessionGuard)
  class DeadLettersController {
    constructor(
      private readonly deadLetters: DeadLetters,
      private readonly audited: AuditedOperations,
    ) {}

    @Summary('List the events that a service could not handle')
    @Get()
    @RespondsWith(200, DeadLetterPage, 'auth.forbidden')
    async list(@QueryParams(List) query: List): Promise<PageOf<DeadLetterView>> {
      const { limit, cursor, service: _, ...filter } = query;
      const after = decodeCursor(cursor, Cursor)?.[0];
      const found = page(await this.deadLetters.list(filter, limit + 1, after), limit, ({ position }) => [
        position,
      ]);
      return { data: found.data.map((letter) => toView(service, letter)), nextCursor: found.nextCursor };
    }

    @Summary('Read an event that a service could not handle')
    @Get(':id')
    @RespondsWith(200, DeadLetterDetails, 'auth.forbidden', 'dead_letter.not_found')
    read(
      @Param('id', Uuid) id: string,
      @QueryParams(OfService) _: OfService,
      @CurrentUser() actor: AuthUser,
    ): Promise<DeadLetterDetails> {
      return this.audited.run(
        { actor, action: 'dead_letter.read', subject: { type: 'event', id } },
        async () => {
          const letter = await this.deadLetters.find(id);
          if (!letter) throw new Problem('dead_letter.not_found');
          return toDetails(service, letter);
        },
      );
    }

    @Summary('Handle selected events of a service again')
    @Post('redrive')
    @RespondsWith(202, MarkedDeadLetters, 'auth.forbidden')
    redriveMany(
      @QueryParams(OfService) _: OfService,
      @Body(RedriveDeadLetters) { reason, all: _all, ...filter }: RedriveDeadLetters,
      @CurrentUser() actor: AuthUser,
    ): Promise<MarkedDeadLetters> {
      const subject = { type: 'service' as const, id: service };
      return this.audited.run(
        { actor, action: 'dead_letter.redrive', subject, reason, details: { filter } },
        async () => ({ marked: await this.deadLetters.redrive(filter) }),
        (result) => result,
      );
    }

    @Summary('Handle an event again, with all dead letters of its key')
    @Post(':id/redrive')
    @RespondsWith(202, MarkedDeadLetters, 'auth.forbidden', 'dead_letter.not_found')
    redrive(
      @Param('id', Uuid) id: string,
      @QueryParams(OfService) _: OfService,
      @Body(AdminReason) { reason }: AdminReason,
      @CurrentUser() actor: AuthUser,
    ): Promise<MarkedDeadLetters> {
      return this.audited.run(
        { actor, action: 'dead_letter.redrive', subject: { type: 'event', id }, reason },
        async () => {
          const marked = await this.deadLetters.redrive({ id });
          if (marked === 0) throw new Problem('dead_letter.not_found');
          return { marked };
        },
        (result) => result,
      );
    }

    @Summary('Discard an event that must not be handled')
    @Post(':id/discard')
    @RespondsWith(204, 'auth.forbidden', 'dead_letter.not_found')
    discard(
      @Param('id', Uuid) id: string,
      @QueryParams(OfService) _: OfService,
      @Body(AdminReason) { reason }: AdminReason,
      @CurrentUser() actor: AuthUser,
    ): Promise<void> {
      return this.audited.run(
        { actor, action: 'dead_letter.discard', subject: { type: 'event', id }, reason },
        async () => {
          if (!(await this.deadLetters.discard(id))) throw new Problem('dead_letter.not_found');
        },
      );
    }
  }
  return DeadLettersController;
}

function toView(service: string, letter: DeadLetterSummary): DeadLetterView {
  const { id, type, topic, key, code, tries, time, parkedAt, redriveAt } = letter;
  return {
    ...{ id, service, type, topic, key, code, tries },
    state: redriveAt ? 'redriving' : code === null ? 'waiting' : 'failed',
    occurredAt: time,
    parkedAt: parkedAt.toISOString(),
  };
}

function toDetails(service: string, letter: DeadLetter): DeadLetterDetails {
  const { detail, source, aggregateVersion, schemaVersion, traceparent } = letter;
  return {
    ...toView(service, letter),
    ...{ detail, source, aggregateVersion, schemaVersion, traceparent },
    body: readBody(letter),
  };
}
