import { Readable } from 'node:stream';
import { Controller, Get, Req } from '@nestjs/common';
import { BOOKING_EVENTS } from '@roost/contracts';
import {
  AccessTokens,
  type AuthUser,
  CurrentUser,
  endOfRequest,
  RespondsWithEvents,
  Summary,
  UserSlots,
} from '@roost/http';
import type { FastifyRequest } from 'fastify';
import { SessionService } from '../session/session.service.js';
import { LiveEventService } from './live-event.service.js';

const MAX_STREAMS_PER_USER = 4;

@Controller('v1')
export class LiveEventController {
  private readonly slots = new UserSlots(MAX_STREAMS_PER_USER, 'rate.too_many_streams');

  constructor(
    private readonly events: LiveEventService,
    private readonly tokens: AccessTokens,
    private readonly sessions: SessionService,
  ) {}

  @Summary('Follow the changes of your bookings and messages')
  @Get('me/events')
  @RespondsWithEvents(['ready', 'resync', ...BOOKING_EVENTS, 'message.sent'], 'rate.too_many_streams')
  async follow(@CurrentUser() user: AuthUser, @Req() request: FastifyRequest): Promise<Readable> {
    await this.sessions.requireUser(user);
    const release = this.slots.take(user.id);
    const lastEventId = request.headers['last-event-id'];
    const stream = Readable.from(
      this.events.stream({
        user,
        lastEventId: lastEventId === undefined ? undefined : String(lastEventId),
        verifyToken: () => this.tokens.userOf(request),
        signal: endOfRequest(request),
      }),
    );
    return stream.once('close', release);
  }
}
