import {
  Arg,
  Args,
  BatchedEdge,
  Connection,
  type ConnectionPage,
  type EntityRef,
  ExternalEntity,
  Mutation,
  PageArguments,
  Query,
  Resolver,
  toConnection,
} from '@roost/graphql';
import { CurrentUser, invalidRequest, Roles, Uuid, VerifiedEmail, type AuthUser } from '@roost/http';
import { Problem } from '@roost/platform';
import { nightCount } from '@roost/stay';
import type { z } from 'zod';
import { StayDate } from '../terms/stay.dto.js';
import { CreateExportUrl, ExportUrl, MaskedExportUrl } from './calendar-export.dto.js';
import { CalendarExportService } from './calendar-export.service.js';
import {
  Block,
  Calendar,
  CalendarRange,
  CreateBlock,
  LinkListings,
  Links,
  ListBlocks,
  MAX_NIGHTS,
} from './calendar.dto.js';
import { CalendarService } from './calendar.service.js';
import { LinkService } from './link.service.js';

const Listing = ExternalEntity('Listing');
type Ref = z.output<EntityRef>;
const BlockFilter = { from: ListBlocks.shape.from };
type BlockFilter = Pick<ListBlocks, 'from'>;

/** The calendar fields and mutations of a listing. */
@Resolver(Listing)
export class CalendarResolver {
  constructor(
    private readonly calendars: CalendarService,
    private readonly links: LinkService,
    private readonly exports: CalendarExportService,
  ) {}

  @BatchedEdge(Calendar.nullable(), {
    description: `The nights of at most 24 months, and at most ${MAX_NIGHTS} nights of all listings together. \`to\` is exclusive.`,
    args: { from: StayDate, to: StayDate },
  })
  async calendar(
    listings: readonly Ref[],
    viewer: AuthUser | null,
    args: CalendarRange,
  ): Promise<(Calendar | null)[]> {
    const range = CalendarRange.safeParse(args);
    if (!range.success) throw invalidRequest(range.error.issues, 'query');
    const { from, to } = range.data;
    if (listings.length * nightCount(from, to) > MAX_NIGHTS)
      throw new Problem('request.invalid', `Request at most ${MAX_NIGHTS} nights of all listings together`);
    return await this.calendars.viewMany(
      listings.map(({ id }) => id),
      range.data,
      viewer,
    );
  }

  @Query(Connection(Block), { description: 'The blocks of a listing by their first night, for its host.' })
  @Roles('host')
  async calendarBlocks(
    @CurrentUser() host: AuthUser,
    @Arg('listingId', Uuid) listingId: string,
    @Args({ ...BlockFilter, ...PageArguments })
    { first: limit, after: cursor, from }: BlockFilter & PageArguments,
  ): Promise<ConnectionPage<Block>> {
    return toConnection(await this.calendars.blocks(host, listingId, { from, limit, cursor }));
  }

  @Query(Links, { description: 'The rooms of a house, for its host.' })
  @Roles('host')
  async listingLinks(
    @CurrentUser() host: AuthUser,
    @Arg('listingId', Uuid) listingId: string,
  ): Promise<Links> {
    return (await this.links.read(host, listingId)).value;
  }

  @Query(MaskedExportUrl, { description: 'The export URL of a calendar without its token, for its host.' })
  @Roles('host')
  calendarExportUrl(
    @CurrentUser() host: AuthUser,
    @Arg('listingId', Uuid) listingId: string,
  ): Promise<MaskedExportUrl> {
    return this.exports.maskedUrl(host, listingId);
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

  @Mutation(Links, {
    description:
      'Sets the rooms of a house. A night of the house blocks its rooms, and a night of a room blocks the house.',
  })
  @Roles('host')
  @VerifiedEmail()
  async linkListings(
    @CurrentUser() host: AuthUser,
    @Arg('listingId', Uuid) houseId: string,
    @Arg('input', LinkListings) input: LinkListings,
  ): Promise<Links> {
    return (await this.links.link(host, houseId, input)).value;
  }

  @Mutation(ExportUrl, { description: 'Creates a new URL of the calendar. The previous URL is revoked.' })
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
