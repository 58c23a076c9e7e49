import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';

/** Which nights are taken, as search knows it: a hint that may be a moment old. */
@Controller()
export class CalendarConsumer {
  constructor(private readonly transactions: Transactions) {}

  @OnEvent('calendar.changed')
  async changed(body: EventBody<'calendar.changed'>, meta: EventMeta): Promise<void> {
    const blocked = `{${body.blocked.map(({ from, to }) => `[${from},${to})`).join(',')}}`;
    await this.transactions.run((em) =>
      em.execute(
        `INSERT INTO listing_calendar (listing_id, version, blocked) VALUES (?, ?, ?::datemultirange)
         ON CONFLICT (listing_id) DO UPDATE SET version = excluded.version, blocked = excluded.blocked
          WHERE listing_calendar.version < excluded.version`,
        [body.listingId, meta.aggregateVersion ?? 0, blocked],
      ),
    );
  }
}
