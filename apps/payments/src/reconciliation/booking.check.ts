import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { SystemClock } from '@roost/platform';
import type { ReconciliationCheck } from './reconciliation-check.js';
import { difference, type Difference } from './reconciliation.dto.js';
import { bookingContradictions } from './reconciliation.queries.js';
import { stuckSince } from './stuck-since.js';

const details = {
  'booking.confirmed_unpaid': 'The booking is confirmed, but its payment is not captured',
  'booking.ended_but_captured': 'The booking has ended, but its payment is not fully refunded',
  'booking.undecided': 'The payment arrived after the hold expired, and bookings has not decided about it',
  'refund.refused': 'The provider rejected a refund',
  'refund.unpaid': 'The provider accepted a refund more than 7 days ago and has not paid it',
};

const RETURNED = "The provider had paid a refund, and the guest's bank has returned it";

/** A confirmed booking is paid, and an ended booking is refunded. */
@Injectable()
export class BookingCheck implements ReconciliationCheck {
  constructor(private readonly clock: SystemClock) {}

  async *run(em: EntityManager): AsyncIterable<Difference> {
    const rows = await bookingContradictions(em, stuckSince(this.clock.now()));
    yield* rows.map((row) =>
      difference(row.kind, row.returned ? RETURNED : details[row.kind], {
        paymentId: row.id,
        providerRef: row.provider_ref,
        currency: row.currency,
        expectedMinor: row.expected,
        foundMinor: row.found,
      }),
    );
  }
}
