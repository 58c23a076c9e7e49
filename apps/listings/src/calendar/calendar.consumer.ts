import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { PageInvalidation } from '../cache/page-invalidation.js';
import { mirrorCalendar } from './calendar.queries.js';

/** Mirrors the blocked nights of listings for search. The mirror may lag behind bookings. */
@Controller()
export class CalendarConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly pages: PageInvalidation,
  ) {}

  @OnEvent('calendar.changed')
  async changed(body: EventBody<'calendar.changed'>, meta: EventMeta): Promise<void> {
    await this.transactions.run(async (em) => {
      await this.pages.invalidateListings(em, [body.listingId]);
      await mirrorCalendar(em, body, meta.aggregateVersion ?? 0);
    });
  }
}
