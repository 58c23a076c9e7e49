import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Idempotency, type AuthUser } from '@roost/http';
import { Clock, Problem, uuidv7 } from '@roost/platform';
import { localDate } from '@roost/stay';
import { BookingSweeper, NightsTaken } from '../booking/booking-sweeper.jobs.js';
import {
  type BookableListing,
  ListingSnapshotService,
  type ListingSnapshot,
} from '../listing-snapshot/listing-snapshot.service.js';
import { CalendarPublisher } from './calendar-publisher.service.js';
import type { Block, Calendar, CalendarRange, CreateBlock } from './calendar.dto.js';
import { CalendarBlock } from './calendar.entity.js';
import { claimBlock, lockLinks, mark, nextOwner, occupiedNights, release } from './calendar.queries.js';
import { calendarView, type DayView } from './domain/calendar-view.js';

/** Days as anyone may see them, and the nights that a host keeps for herself. */
@Injectable()
export class CalendarService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly listings: ListingSnapshotService,
    private readonly publisher: CalendarPublisher,
    private readonly sweeper: BookingSweeper,
    private readonly clock: Clock,
  ) {}

  async view(listingId: string, range: CalendarRange, viewer: AuthUser | null): Promise<Calendar> {
    const [calendar] = await this.viewMany([listingId], range, viewer);
    if (!calendar) {
      throw new Problem('listing.not_found', 'There is none, or it has no price, currency or time zone yet');
    }
    return calendar;
  }

  /** In the order of the ids; null for what has no calendar that this viewer may see. One read of nights for all of them. */
  async viewMany(
    listingIds: readonly string[],
    range: CalendarRange,
    viewer: AuthUser | null,
  ): Promise<(Calendar | null)[]> {
    const em = this.em.fork();
    const known = await this.listings.findMany(listingIds, em);
    const isOwn = (listing: ListingSnapshot) => viewer !== null && listing.hostId === viewer.id;
    const shown = known
      .filter(hasCalendar)
      .filter((listing) => listing.status === 'published' || isOwn(listing));
    const numbers = shown.map(({ calendarListingId }) => calendarListingId);
    const occupied = await occupiedNights(em, numbers, range.from, range.to);
    const calendars = new Map(
      shown.map((listing) => {
        const days = calendarView({
          ...range,
          today: localDate(this.clock.now(), listing.timeZone),
          pricing: listing.pricing,
          stayRules: listing.stayRules,
          occupied: occupied.get(listing.calendarListingId) ?? [],
        });
        const data = isOwn(listing) ? days : days.map(withoutWhy);
        return [listing.listingId, { currency: listing.currency, data }];
      }),
    );
    return listingIds.map((id) => calendars.get(id.toLowerCase()) ?? null);
  }

  async block(host: AuthUser, listingId: string, wanted: CreateBlock): Promise<Block> {
    const listing = await this.listings.findOwn(listingId, host.id);
    return await this.sweeper.endStaleHoldsFirst(() =>
      this.idempotency.answer((em) => this.claim(em, listing, wanted), { isolation: 'read committed' }),
    );
  }

  async unblock(host: AuthUser, listingId: string, blockId: string): Promise<void> {
    const listing = await this.listings.findOwn(listingId, host.id);
    await this.transactions.run(async (em) => {
      const block = await em.findOne(CalendarBlock, { id: blockId, listingId: listing.calendarListingId });
      if (!block) throw new Problem('calendar.block_not_found');
      await lockLinks(em, listing.calendarListingId);
      await release(em, block.ownerId);
      await em.remove(block).flush();
      await mark(em, listing.calendarListingId);
      this.publisher.publishAfterCommit();
    });
  }

  private async claim(em: EntityManager, listing: ListingSnapshot, wanted: CreateBlock): Promise<Block> {
    await lockLinks(em, listing.calendarListingId);
    const ownerId = await nextOwner(em);
    const claimed = await claimBlock(em, ownerId, {
      calendarListingId: listing.calendarListingId,
      ...wanted,
    });
    if (!claimed) {
      const nights = { checkInDate: wanted.from, checkOutDate: wanted.to, preparationNights: 0 };
      throw new NightsTaken('calendar.dates_taken', {
        calendarListingId: listing.calendarListingId,
        ...nights,
      });
    }
    const block = em.create(CalendarBlock, {
      id: uuidv7(),
      ownerId,
      listingId: listing.calendarListingId,
      fromDate: wanted.from,
      toDate: wanted.to,
      note: wanted.note,
      createdAt: this.clock.now(),
    });
    await em.persist(block).flush();
    await mark(em, listing.calendarListingId);
    this.publisher.publishAfterCommit();
    return { id: block.id, from: wanted.from, to: wanted.to, note: wanted.note };
  }
}

type ListingWithCalendar = ListingSnapshot & Pick<BookableListing, 'pricing' | 'currency' | 'timeZone'>;

function hasCalendar(listing: ListingSnapshot): listing is ListingWithCalendar {
  return listing.pricing !== null && listing.currency !== null && listing.timeZone !== null;
}

/** What is nobody's business but the host's stays out. */
const withoutWhy = ({ date, available, minNights, priceMinor }: DayView) => ({
  date,
  available,
  minNights,
  priceMinor,
});
