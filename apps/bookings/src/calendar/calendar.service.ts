import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { decodeCursor, Idempotency, page, type PageOf, Uuid, type AuthUser } from '@roost/http';
import { Clock, invalidParameter, Problem, uuidv7 } from '@roost/platform';
import { localDate, nightCount } from '@roost/stay';
import { z } from 'zod';
import { StayDate } from '../terms/stay.dto.js';
import {
  hasCalendar,
  ListingSnapshotService,
  type ListingSnapshot,
  type ListingWithCalendar,
} from '../listing-snapshot/listing-snapshot.service.js';
import { CalendarPublisher } from './calendar-publisher.service.js';
import { listBlocks } from './block.queries.js';
import {
  type Block,
  type Calendar,
  type CalendarRange,
  type CreateBlock,
  type ListBlocks,
  type ListingCalendar,
  type ListOwnCalendars,
  MAX_NIGHTS,
} from './calendar.dto.js';
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
    const days = await this.daysOf(em, visible, range);
    const calendars = new Map(
      visible.map((listing) => {
        const own = days.get(listing) ?? [];
        const data = isOwn(listing) ? own : own.map(withoutReason);
        return [listing.listingId, { currency: listing.currency, data }];
      }),
    );
    return listingIds.map((id) => calendars.get(id.toLowerCase()) ?? null);
  }

  /** The calendars of a host's listings, except archived ones. Two statements per page. */
  async listOwn(
    host: AuthUser,
    { from, to, limit, cursor }: ListOwnCalendars,
  ): Promise<PageOf<ListingCalendar>> {
    if (limit * nightCount(from, to) > MAX_NIGHTS)
      throw invalidParameter('limit', `Request at most ${MAX_NIGHTS} nights of all listings together`);
    const em = this.em.fork();
    const after = decodeCursor(cursor, z.tuple([Uuid]))?.[0] ?? null;
    const listings = await this.listings.listWithCalendar(em, host.id, after, limit + 1);
    const found = page(listings, limit, ({ listingId }) => [listingId]);
    const days = await this.daysOf(em, found.data, { from, to });
    return {
      ...found,
      data: found.data.map((listing) => ({
        listingId: listing.listingId,
        currency: listing.currency,
        data: days.get(listing) ?? [],
      })),
    };
  }

  async blocks(
    host: AuthUser,
    listingId: string,
    { from, limit, cursor }: ListBlocks,
  ): Promise<PageOf<Block>> {
    const { calendarListingId } = await this.listings.findOwn(listingId, host.id);
    const after = decodeCursor(cursor, z.tuple([StayDate, Uuid]));
    const blocks = await listBlocks(this.em.fork(), calendarListingId, {
      from: from ?? null,
      after,
      limit: limit + 1,
    });
    return page(blocks, limit, (block) => [block.from, block.id]);
  }

  /** The days of each listing, with what only its host may see. */
  private async daysOf(
    em: EntityManager,
    listings: readonly ListingWithCalendar[],
    range: CalendarRange,
  ): Promise<Map<ListingWithCalendar, DayView[]>> {
    const ids = listings.map(({ calendarListingId }) => calendarListingId);
    const occupied = await occupiedNights(em, ids, range.from, range.to);
    return new Map(
      listings.map((listing) => [
        listing,
        calendarView({
          ...range,
          today: localDate(this.clock.now(), listing.timeZone),
          pricing: listing.pricing,
          stayRules: listing.stayRules,
          occupied: occupied.get(listing.calendarListingId) ?? [],
        }),
      ]),
    );
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

/** The day without the fields that only its host may see. */
const withoutReason = ({ date, available, minNights, priceMinor }: DayView) => ({
  date,
  available,
  minNights,
  priceMinor,
});
