import { Controller, Get, Patch, Post, Put } from '@nestjs/common';
import { OptionalAdminReason } from '@roost/audit';
import {
  HasEtag,
  RespondsWith,
  type AuthUser,
  Body,
  CurrentUser,
  OptionalUser,
  Page,
  PageQuery,
  Param,
  QueryParams,
  Roles,
  Uuid,
  VerifiedEmail,
  Summary,
} from '@roost/http';
import { PriceRules, StayRules } from '@roost/pricing';
import { z } from 'zod';
import { ListingChangePage, ListingChangesQuery } from './listing-change.dto.js';
import { ListingPageService } from './listing-page.service.js';
import { ListingReaderService } from './listing-reader.service.js';
import {
  AdminListingsQuery,
  CreateListing,
  EditListing,
  ListingStatusName,
  ListingView,
} from './listing.dto.js';
import { ListingService } from './listing.service.js';

const MyListingsQuery = z.strictObject({ ...PageQuery, status: ListingStatusName.optional() });
type MyListingsQuery = z.output<typeof MyListingsQuery>;

const ListingPage = Page(ListingView);
type ListingPage = z.output<typeof ListingPage>;

@Controller('v1')
export class ListingController {
  constructor(
    private readonly listings: ListingService,
    private readonly pages: ListingPageService,
    private readonly reader: ListingReaderService,
  ) {}

  @Summary('Create a listing')
  @Post('listings')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(201, ListingView)
  create(@CurrentUser() host: AuthUser, @Body(CreateListing) body: CreateListing): Promise<ListingView> {
    return this.listings.create(host, body);
  }

  @Summary('List your listings')
  @Get('me/listings')
  @RespondsWith(200, ListingPage)
  mine(
    @CurrentUser() host: AuthUser,
    @QueryParams(MyListingsQuery) query: MyListingsQuery,
  ): Promise<ListingPage> {
    return this.reader.listOwn(host, query);
  }

  @Summary('Read a listing')
  @Get('listings/:id')
  @HasEtag()
  @OptionalUser()
  @RespondsWith(200, ListingView, 'listing.not_found')
  read(@CurrentUser() viewer: AuthUser | null, @Param('id', Uuid) id: string): Promise<ListingView> {
    return this.pages.read(id, viewer);
  }

  @Summary('Change a listing')
  @Patch('listings/:id')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(
    200,
    ListingView,
    'listing.not_found',
    'listing.forbidden',
    'listing.archived',
    'listing.currency_fixed',
    'listing.incomplete',
    'request.precondition_failed',
  )
  edit(
    @CurrentUser() host: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(EditListing) body: EditListing,
  ): Promise<ListingView> {
    return this.listings.edit(host, id, body);
  }

  @Summary('Read the pricing of a listing')
  @Get('listings/:id/pricing')
  @HasEtag()
  @Roles('host')
  @RespondsWith(200, PriceRules, 'listing.not_found', 'listing.forbidden', 'listing.pricing_not_set')
  pricing(@CurrentUser() host: AuthUser, @Param('id', Uuid) id: string): Promise<PriceRules> {
    return this.listings.pricing(host, id);
  }

  @Summary('Replace the pricing of a listing')
  @Put('listings/:id/pricing')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(
    200,
    PriceRules,
    'listing.not_found',
    'listing.forbidden',
    'listing.archived',
    'request.precondition_failed',
  )
  setPricing(
    @CurrentUser() host: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(PriceRules) body: PriceRules,
  ): Promise<PriceRules> {
    return this.listings.setPricing(host, id, body);
  }

  @Summary('Read the stay rules of a listing')
  @Get('listings/:id/stay-rules')
  @HasEtag()
  @OptionalUser()
  @RespondsWith(200, StayRules, 'listing.not_found')
  stayRules(@CurrentUser() viewer: AuthUser | null, @Param('id', Uuid) id: string): Promise<StayRules> {
    return this.listings.stayRules(id, viewer);
  }

  @Summary('Replace the stay rules of a listing')
  @Put('listings/:id/stay-rules')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(
    200,
    StayRules,
    'listing.not_found',
    'listing.forbidden',
    'listing.archived',
    'request.precondition_failed',
  )
  setStayRules(
    @CurrentUser() host: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(StayRules) body: StayRules,
  ): Promise<StayRules> {
    return this.listings.setStayRules(host, id, body);
  }

  @Summary('Publish a listing')
  @Post('listings/:id/publish')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(
    200,
    ListingView,
    'listing.not_found',
    'listing.forbidden',
    'listing.incomplete',
    'listing.wrong_state',
  )
  publish(@CurrentUser() host: AuthUser, @Param('id', Uuid) id: string): Promise<ListingView> {
    return this.listings.publish(host, id);
  }

  @Summary('Pause a listing')
  @Post('listings/:id/pause')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(200, ListingView, 'listing.not_found', 'listing.forbidden', 'listing.wrong_state')
  pause(@CurrentUser() host: AuthUser, @Param('id', Uuid) id: string): Promise<ListingView> {
    return this.listings.pause(host, id);
  }

  @Summary('Archive a listing')
  @Post('listings/:id/archive')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(200, ListingView, 'listing.not_found', 'listing.forbidden', 'listing.wrong_state')
  archive(@CurrentUser() host: AuthUser, @Param('id', Uuid) id: string): Promise<ListingView> {
    return this.listings.archive(host, id);
  }

  @Summary('List the changes of a listing')
  @Get('listings/:id/changes')
  @Roles('host', 'admin')
  @RespondsWith(200, ListingChangePage, 'listing.not_found', 'listing.forbidden')
  changes(
    @CurrentUser() viewer: AuthUser,
    @Param('id', Uuid) id: string,
    @QueryParams(ListingChangesQuery) query: ListingChangesQuery,
  ): Promise<ListingChangePage> {
    return this.reader.listChanges(viewer, id, query);
  }

  @Summary('List all listings')
  @Get('admin/listings')
  @Roles('admin')
  @RespondsWith(200, ListingPage, 'auth.forbidden')
  all(@QueryParams(AdminListingsQuery) query: AdminListingsQuery): Promise<ListingPage> {
    return this.reader.listAll(query);
  }

  @Summary('Suspend a listing')
  @Post('admin/listings/:id/suspend')
  @Roles('admin')
  @RespondsWith(204, 'listing.not_found', 'listing.wrong_state')
  suspend(
    @CurrentUser() admin: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(OptionalAdminReason.prefault({})) { reason }: OptionalAdminReason,
  ): Promise<void> {
    return this.listings.suspend(admin, id, reason);
  }

  @Summary('Reinstate a listing')
  @Post('admin/listings/:id/reinstate')
  @Roles('admin')
  @RespondsWith(204, 'listing.not_found', 'listing.wrong_state')
  reinstate(
    @CurrentUser() admin: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(OptionalAdminReason.prefault({})) { reason }: OptionalAdminReason,
  ): Promise<void> {
    return this.listings.reinstate(admin, id, reason);
  }
}
