import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Erasure, isErasedAccount } from '@roost/accounts';
import { overwriteStoredEvents } from '@roost/messaging';
import { eraseBookingTexts } from '../booking/booking.queries.js';
import { eraseHostNotes } from '../calendar/calendar.queries.js';
import { FeedRemovalService } from '../feed/feed-removal.service.js';
import { eraseHostFigures, type HostFigures } from '../host-figures/host-figures.queries.js';
import { eraseMessages } from '../message/message.queries.js';

const NO_FIGURES: Omit<HostFigures, 'hostId'> = {
  completedStays: 0,
  completedNights: 0,
  hostCancellations: 0,
  responsesDue: 0,
  responsesInTime: 0,
  medianResponseMinutes: null,
};

/**
 * Deletes the texts and secrets of erased users. Their bookings are kept, under an id without a person: the other side and
 * the ledger need them.
 */
@Injectable()
export class BookingsErasure extends Erasure {
  /** It waits for locks, and then has to see all writes up to now. */
  override readonly isolation = 'read committed';

  constructor(private readonly feeds: FeedRemovalService) {
    super();
  }

  async erase(em: EntityManager, userId: string): Promise<boolean> {
    // Bookings are locked before their nights, as in all other transactions.
    await eraseBookingTexts(em, userId);
    await this.feeds.deleteAllOf(em, userId);
    await eraseHostNotes(em, userId);
    await eraseMessages(em, userId);
    await eraseHostFigures(em, userId);
    await overwriteStoredEvents(em, 'bookings.host', [userId], NO_FIGURES);
    return isErasedAccount(em, userId);
  }
}
