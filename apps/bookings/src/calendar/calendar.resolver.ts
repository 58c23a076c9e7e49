import {
  Arg,
  CurrentUser,
  Edge,
  type EntityRef,
  Foreign,
  invalid,
  Mutation,
  Parent,
  Resolver,
  Roles,
  Uuid,
  VerifiedEmail,
  type AuthUser,
} from '@roost/platform';
import type { z } from 'zod';
import { StayDate } from '../stay.dto.js';
import { Block, Calendar, CalendarRange, CreateBlock, LinkListings, Links } from './calendar.dto.js';
import { CalendarService } from './calendar.service.js';
import { LinkService } from './link.service.js';

const Listing = Foreign('Listing');
type Ref = z.output<EntityRef>;

/** What the calendar adds to a listing. */
@Resolver(Listing)
export class CalendarResolver {
  constructor(
    private readonly calendars: CalendarService,
    private readonly links: LinkService,
  ) {}

  @Edge(Calendar.nullable(), {
    description: 'The nights of at most 24 months; `to` is the first date not meant',
  })
  calendar(
    @Parent() listing: Ref,
    @CurrentUser() viewer: AuthUser | null,
    @Arg('from', StayDate) from: string,
    @Arg('to', StayDate) to: string,
  ): Promise<Calendar> {
    const range = CalendarRange.safeParse({ from, to });
    if (!range.success) throw invalid(range.error.issues, 'query');
    return this.calendars.view(listing.id, range.data, viewer);
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
  linkListings(
    @CurrentUser() host: AuthUser,
    @Arg('listingId', Uuid) houseId: string,
    @Arg('input', LinkListings) input: LinkListings,
  ): Promise<Links> {
    return this.links.link(host, houseId, input);
  }
}
