import { Controller, Get, Post, type Type, UseGuards } from '@nestjs/common';
import { AdminReason } from '@roost/audit';
import {
  type AuthUser,
  Body,
  CurrentUser,
  decodeCursor,
  FilterText,
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
import { OutboxOperations, type RefusedEvent } from '@roost/messaging';
import { Problem } from '@roost/platform';
import { z } from 'zod';
import { ActiveSessionGuard } from './active-sessions.js';
import { AuditedOperations } from './audited-operations.js';
import {
  OutboxStatusView,
  RefusedEventPage,
  type RefusedEventView,
  ResendRefused,
  ResentEvents,
  serviceParameter,
} from './operations.dto.js';

const Cursor = z.tuple([z.string().regex(/^\d{1,19}$/), Uuid]);

/** The routes over the outbox of one service. The gateway shares each with the other services. */
export function outboxController(service: string): Type {
  const OfService = z.strictObject(serviceParameter(service));
  type OfService = z.output<typeof OfService>;
  const List = z.strictObject({
    ...serviceParameter(service),
    type: FilterText(200).optional(),
    ...PageQuery,
  });
  type List = z.output<typeof List>;

  @Controller('v1/admin/outbox')
  @Roles('admin')
  @UseGuards(ActiveSessionGuard)
  class OutboxController {
    constructor(
      private readonly outbox: OutboxOperations,
      private readonly audited: AuditedOperations,
    ) {}

    @Summary('Read how many events a service has still to publish')
    @Get()
    @RespondsWith(200, OutboxStatusView, 'auth.forbidden')
    async status(@QueryParams(OfService) _: OfService): Promise<OutboxStatusView> {
      const { rows: events, refused, relayActive, sinks } = await this.outbox.status();
      return {
        ...{ service, events, refused, relayActive },
        sinks: sinks.map((sink) => ({ ...sink, movedAt: sink.movedAt.toISOString() })),
      };
    }

    @Summary('List the events that the broker has refused')
    @Get('refused')
    @RespondsWith(200, RefusedEventPage, 'auth.forbidden')
    async refused(@QueryParams(List) { type, limit, cursor }: List): Promise<PageOf<RefusedEventView>> {
      const [xid, id] = decodeCursor(cursor, Cursor) ?? [];
      const after = xid === undefined || id === undefined ? undefined : { xid, id };
      const rows = await this.outbox.listRefused({ type }, limit + 1, after);
      const { data, nextCursor } = page(rows, limit, (event) => [event.xid, event.id]);
      return { data: data.map((event) => toView(service, event)), nextCursor };
    }

    @Summary('Publish refused events again')
    @Post('refused/resend')
    @RespondsWith(200, ResentEvents, 'auth.forbidden')
    resendMany(
      @QueryParams(OfService) _: OfService,
      @Body(ResendRefused) { reason, all: _all, ...filter }: ResendRefused,
      @CurrentUser() actor: AuthUser,
    ): Promise<ResentEvents> {
      const subject = { type: 'service' as const, id: service };
      return this.audited.run(
        { actor, action: 'outbox.resend', subject, reason, details: { filter } },
        async () => ({ resent: await this.outbox.resend(filter) }),
        (result) => result,
      );
    }

    @Summary('Publish a refused event again')
    @Post('refused/:id/resend')
    @RespondsWith(204, 'auth.forbidden', 'outbox.event_not_refused')
    resend(
      @Param('id', Uuid) id: string,
      @QueryParams(OfService) _: OfService,
      @Body(AdminReason) { reason }: AdminReason,
      @CurrentUser() actor: AuthUser,
    ): Promise<void> {
      return this.audited.run(
        { actor, action: 'outbox.resend', subject: { type: 'event', id }, reason },
        async () => {
          if ((await this.outbox.resend({ id })) === 0) throw new Problem('outbox.event_not_refused');
        },
      );
    }

    @Summary('Discard a refused event: it is never published')
    @Post('refused/:id/discard')
    @RespondsWith(204, 'auth.forbidden', 'outbox.event_not_refused')
    discard(
      @Param('id', Uuid) id: string,
      @QueryParams(OfService) _: OfService,
      @Body(AdminReason) { reason }: AdminReason,
      @CurrentUser() actor: AuthUser,
    ): Promise<void> {
      return this.audited.run(
        { actor, action: 'outbox.discard', subject: { type: 'event', id }, reason },
        async () => {
          if ((await this.outbox.discard({ id })) === 0) throw new Problem('outbox.event_not_refused');
        },
      );
    }
  }
  return OutboxController;
}

const toView = (service: string, { xid: _, refusedAt, ...event }: RefusedEvent): RefusedEventView => ({
  ...event,
  service,
  refusedAt: refusedAt.toISOString(),
});
