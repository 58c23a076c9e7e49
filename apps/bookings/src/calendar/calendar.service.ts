import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Idempotency, type AuthUser } from '@roost/http';
import { Clock, Problem, uuidv7 } from '@roost/platform';
import { localDate } from '@roost/stay';
import {
  type BookableListing,
  ListingSnapshotService,
  type ListingSnapshot,
} from '../listing-snapshot/listing-snapshot.service.js';
import { CalendarPublisher } from './calendar-publisher.service.js';
import type { Block, Calendar, CalendarRange, CreateBlock } from './calendar.dto.js';
import { CalendarBlock } from './calendar.entity.js';
import { claimBlock, lockLinks, markDirty, nextOwner, release } from './calendar.queries.js';
import { calendarView, type DayView } from './domain/calendar-view.js';
import { occupiedNights } from './occupied-nights.queries.js';
import { NightsTaken, StaleHolds } from './stale-holds.port.js';

/** The days of a calendar for any viewer, and the nights that a host blocks. */
@Injectable()
export class CalendarService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly listings: ListingSnapshotService,
    private readonly publisher: CalendarPublisher,
    private readonly staleHolds: StaleHolds,
    private readonly clock: Clock,
  ) {}

  async view(listingId: string, range: CalendarRange, viewer: AuthUser | null): Promise<Calendar> {
    const [calendar] = await this.viewMany([listingId], range, viewer);
    if (!calendar) {
      throw new Problem(
        'listing.not_found',
        'The listing does not exist, or it has no price, currency or time zone yet',
      );
    }
    return calendar;
  }

  /** In the order of the ids; null for a listing without a calendar that this viewer may see. Reads all nights at once. */
  async viewMany(
    listingIds: readonly string[],
    range: CalendarRange,
    viewer: AuthUser | null,
  ): Promise<(Calendar | null)[]> {
    const em = this.em.fork();
    const isOwn = (listing: ListingSnapshot) => viewer !== null && listing.hostId === viewer.id;
    const visible = (await this.listings.findMany(listingIds, em))
      .filter(hasCalendar)
      .filter((listing) => listing.status === 'published' || isOwn(listing));
    const ids = visible.map(({ calendarListingId }) => calendarListingId);
    const occupied = await occupiedNights(em, ids, range.from, range.to);
    const calendars = new Map(
      visible.map((listing) => {
        const days = calendarView({
          ...range,
          today: localDate(this.clock.now(), listing.timeZone),
          pricing: listing.pricing,
          stayRules: listing.stayRules,
          occupied: occupied.get(listing.calendarListingId) ?? [],
        });
        const data = isOwn(listing) ? days : days.map(withoutReason);
        return [listing.listingId, { currency: listing.currency, data }];
      }),
    );
    return listingIds.map((id) => calendars.get(id.toLowerCase()) ?? null);
  }

  async block(host: AuthUser, listingId: string, request: CreateBlock): Promise<Block> {
    const listing = await this.listings.findOwn(listingId, host.id);
    return await this.staleHolds.retryAfterEnding(() =>
      this.idempotency.runOnce((em) => this.claim(em, listing, request), { isolation: 'read committed' }),
    );
  }

  async unblock(host: AuthUser, listingId: string, blockId: string): Promise<void> {
    const { calendarListingId } = await this.listings.findOwn(listingId, host.id);
    await this.transactions.run(async (em) => {
      const block = await em.findOne(CalendarBlock, { id: blockId, listingId: calendarListingId });
      if (!block) throw new Problem('calendar.block_not_found');
      await lockLinks(em, calendarListingId);
      await release(em, block.ownerId);
      await em.remove(block).flush();
      await markDirty(em, calendarListingId);
      this.publisher.publishAfterCommit();
    });
  }

  private async claim(
    em: EntityManager,
    { calendarListingId }: ListingSnapshot,
    { from, to, note }: CreateBlock,
  ): Promise<Block> {
    await lockLinks(em, calendarListingId);
    const ownerId = await nextOwner(em);
    if (!(await claimBlock(em, ownerId, { calendarListingId, from, to }))) {
      const nights = { checkInDate: from, checkOutDate: to, preparationNights: 0 };
      throw new NightsTaken('calendar.dates_taken', { calendarListingId, ...nights });
    }
    const block = em.create(CalendarBlock, {
      id: uuidv7(),
      ownerId,
      listingId: calendarListingId,
      fromDate: from,
      toDate: to,
      note,
      createdAt: this.clock.now(),
    });
    await em.persist(block).flush();
    await markDirty(em, calendarListingId);
    this.publisher.publishAfterCommit();
    return { id: block.id, from, to, note };
  }
}

type ListingWithCalendar = ListingSnapshot & Pick<BookableListing, 'pricing' | 'currency' | 'timeZone'>;

function hasCalendar(listing: ListingSnapshot): listing is ListingWithCalendar {
  return listing.pricing !== null && listing.currency !== null && listing.timeZone !== null;
}

/** The day without the fields that only its host may see. */
const withoutReason = ({ date, available, minNights, priceMinor }: DayView) => ({
  date,
  available,
  minNights,
  priceMinor,
});
