import { Controller } from '@nestjs/common';
import { type EventBody, USER_EVENTS, type UserEvent } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { sum } from '@roost/money';
import { changeLines } from './domain/paper-lines.js';
import { insertPaidStay, mirrorListingName, mirrorPartyName } from './paid-stay.queries.js';

/** Stores what papers show: what a payment pays for, and the public names of listings, guests and hosts. */
@Controller()
export class PaperConsumer {
  constructor(private readonly transactions: Transactions) {}

  @OnEvent('booking.created')
  async booked(booking: EventBody<'booking.created'>): Promise<void> {
    if (booking.totalMinor === 0) return;
    const serviceFee = booking.lines.filter(({ kind }) => kind === 'service_fee');
    await this.transactions.run((em) =>
      insertPaidStay(em, {
        ...booking,
        id: booking.bookingId,
        hostFeeMinor: booking.platformFeeMinor - sum(serviceFee.map(({ amountMinor }) => amountMinor)),
      }),
    );
  }

  @OnEvent('booking.change-accepted')
  async changeAccepted(change: EventBody<'booking.change-accepted'>): Promise<void> {
    const { changeId, listingId, terms, differenceMinor } = change;
    if (differenceMinor <= 0) return;
    const { checkInDate, checkOutDate } = terms;
    await this.transactions.run((em) =>
      insertPaidStay(em, {
        ...{ id: changeId, listingId, checkInDate, checkOutDate },
        lines: changeLines(differenceMinor),
        hostFeeMinor: null,
      }),
    );
  }

  @OnEvent(
    'listing.created',
    'listing.changed',
    'listing.published',
    'listing.paused',
    'listing.archived',
    'listing.suspended',
    'listing.reinstated',
  )
  async listingChanged(body: EventBody<'listing.changed'>, meta: EventMeta): Promise<void> {
    await this.transactions.run((em) => mirrorListingName(em, body, meta.aggregateVersion ?? 0));
  }

  @OnEvent(...USER_EVENTS)
  async userChanged(body: EventBody<UserEvent>, meta: EventMeta): Promise<void> {
    await this.transactions.run((em) => mirrorPartyName(em, body, meta.aggregateVersion ?? 0));
  }
}
