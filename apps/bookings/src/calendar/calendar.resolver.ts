import {
  Arg,
  CurrentUser,
  BatchedEdge,
  type EntityRef,
  Foreign,
  invalid,
  Mutation,
  Problem,
  Resolver,
  Roles,
  Uuid,
  VerifiedEmail,
  type AuthUser,
} from '@roost/platform';
import type { z } from 'zod';
import { StayDate } from '../stay.dto.js';
import { CreateExportUrl, ExportUrl } from './calendar-export.dto.js';
import { CalendarExport } from './calendar-export.service.js';
import { Block, Calendar, CalendarRange, CreateBlock, LinkListings, Links } from './calendar.dto.js';
import { CalendarService } from './calendar.service.js';
import { LinkService } from './link.service.js';

const Listing = Foreign('Listing');
type Ref = z.output<EntityRef>;
const MOST_AT_ONCE = 20;

/** What the calendar adds to a listing. */
@Resolver(Listing)
export class CalendarResolver {
  constructor(
    private readonly calendars: CalendarService,
    private readonly links: LinkService,
    private readonly exports: CalendarExport,
  ) {}

  @BatchedEdge(Calendar.nullable(), {
    description: `The nights of at most 24 months, for at most ${MOST_AT_ONCE} listings; \`to\` is the first date not meant`,
    args: { from: StayDate, to: StayDate },
  })
  async calendar(
    listings: readonly Ref[],
    viewer: AuthUser | null,
    wanted: CalendarRange,
  ): Promise<(Calendar | null)[]> {
    const range = CalendarRange.safeParse(wanted);
    if (!range.success) throw invalid(range.error.issues, 'query');
    if (listings.length > MOST_AT_ONCE)
      throw new Problem(
        'request.invalid',
        `Ask for the calendars of at most ${MOST_AT_ONCE} listings at once`,
      );
    const calendars: (Calendar | null)[] = [];
    // One after the other: a list of listings takes no more than one connection.
    for (const { id } of listings) calendars.push(await this.seen(id, range.data, viewer));
    return calendars;
  }

  @Mutation(Block)
  @Roles('host')
  @VerifiedEmail()
  blockNights(
    @CurrentUser() host: AuthUser,
    @Arg('listingId', Uuid) listingId: string,
    @Arg('input', CreateBlock) input: CreateBlock,
  ): Promise<Block> {
    return this.calendars.block(host, listingId, input);
  }

  @Mutation(Listing.nullable())
  @Roles('host')
  async unblockNights(
    @CurrentUser() host: AuthUser,
    @Arg('listingId', Uuid) listingId: string,
    @Arg('blockId', Uuid) blockId: string,
  ): Promise<Ref> {
    await this.calendars.unblock(host, listingId, blockId);
    return { id: listingId };
  }

  @Mutation(Links, { description: 'Names the rooms of a house: a night of one is a night of all' })
  @Roles('host')
  @VerifiedEmail()
  async linkListings(
    @CurrentUser() host: AuthUser,
    @Arg('listingId', Uuid) houseId: string,
    @Arg('input', LinkListings) input: LinkListings,
  ): Promise<Links> {
    return (await this.links.link(host, houseId, input)).value;
  }

  @Mutation(ExportUrl, { description: 'A new address of the calendar; the one before it is dead' })
  @Roles('host')
  @VerifiedEmail()
  createCalendarExportUrl(
    @CurrentUser() host: AuthUser,
    @Arg('listingId', Uuid) listingId: string,
    @Arg('input', CreateExportUrl.prefault({})) input: CreateExportUrl,
  ): Promise<ExportUrl> {
    return this.exports.createUrl(host, listingId, input);
  }

  /** Null for what has no calendar that this viewer may see, be it a draft or a listing not heard of yet. */
  private async seen(id: string, range: CalendarRange, viewer: AuthUser | null): Promise<Calendar | null> {
    try {
      return await this.calendars.view(id, range, viewer);
    } catch (error) {
      if (error instanceof Problem && error.code === 'listing.not_found') return null;
      throw error;
    }
  }
}
