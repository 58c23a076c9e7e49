import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { mirrorCalendar } from './calendar.queries.js';

/** Mirrors the blocked nights of listings for search. The mirror may lag behind bookings. */
@Controller()
export class CalendarConsumer {
  constructor(private readonly transactions: Transactions) {}

  @OnEvent('calendar.changed')
  async changed(body: EventBody<'calendar.changed'>, meta: EventMeta): Promise<void> {
    await this.transactions.run((em) => mirrorCalendar(em, body, meta.aggregateVersion ?? 0));
  }
}
