import { Controller } from '@nestjs/common';
import { BOOKING_EVENTS, type BookingEvent, type EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent } from '@roost/messaging';
import { LiveEventService } from './live-event.service.js';

/** Sends ids and states only: a client reads what it may see by the routes of the API. */
@Controller()
export class LiveEventConsumer {
  constructor(private readonly events: LiveEventService) {}

  @OnEvent(...BOOKING_EVENTS)
  async bookingChanged(body: EventBody<BookingEvent>, meta: EventMeta): Promise<void> {
    const { bookingId, listingId, state, guestId, hostId } = body;
    await this.events.record([guestId, hostId], meta, { bookingId, listingId, state });
  }

  @OnEvent('message.sent')
  async messageSent(body: EventBody<'message.sent'>, meta: EventMeta): Promise<void> {
    const { threadId, messageId, bookingId, senderId, recipientId } = body;
    await this.events.record([senderId, recipientId], meta, { threadId, messageId, bookingId });
  }
}
