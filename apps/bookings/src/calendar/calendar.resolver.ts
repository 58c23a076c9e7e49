import { Arg, BatchedEdge, type EntityRef, Foreign, Mutation, Resolver } from '@roost/graphql';
import { CurrentUser, invalid, Roles, Uuid, VerifiedEmail, type AuthUser } from '@roost/http';
import { Problem } from '@roost/platform';
import { nightCount } from '@roost/stay';
import type { z } from 'zod';
import { StayDate } from '../terms/stay.dto.js';
import { CreateExportUrl, ExportUrl } from './calendar-export.dto.js';
import { CalendarExportService } from './calendar-export.service.js';
import { Block, Calendar, CalendarRange, CreateBlock, LinkListings, Links } from './calendar.dto.js';
import { CalendarService } from './calendar.service.js';
import { LinkService } from './link.service.js';

const Listing = Foreign('Listing');
type Ref = z.output<EntityRef>;
/** Of all listings together: twenty of them for the longest range, or a page of a hundred for five months. */
const MOST_NIGHTS = 15_000;

/** What the calendar adds to a listing. */
@Resolver(Listing)
export class CalendarResolver {
  constructor(
    private readonly calendars: CalendarService,
    private readonly links: LinkService,
    private readonly exports: CalendarExportService,
  ) {}

  @BatchedEdge(Calendar.nullable(), {
    description: `The nights of at most 24 months, ${MOST_NIGHTS} of all listings together; \`to\` is the first date not meant`,
    args: { from: StayDate, to: StayDate },
  })
  async calendar(
    listings: readonly Ref[],
    viewer: AuthUser | null,
    wanted: CalendarRange,
  ): Promise<(Calendar | null)[]> {
    const range = CalendarRange.safeParse(wanted);
    if (!range.success) throw invalid(range.error.issues, 'query');
    const { from, to } = range.data;
    if (listings.length * nightCount(from, to) > MOST_NIGHTS)
      throw new Problem('request.invalid', `Ask for at most ${MOST_NIGHTS} nights of all listings together`);
    return await this.calendars.viewMany(
      listings.map(({ id }) => id),
      range.data,
      viewer,
    );
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
}
