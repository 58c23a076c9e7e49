import { Controller, Delete, Get, Patch, Post, Put } from '@nestjs/common';
import {
  RespondsWith,
  type AuthUser,
  Body,
  CurrentUser,
  HasEtag,
  Page,
  PageQuery,
  Param,
  QueryParams,
  Uuid,
  Summary,
} from '@roost/http';
import { z } from 'zod';
import { WishlistItemsService } from './wishlist-items.service.js';
import {
  CreateWishlist,
  EditWishlist,
  WishlistItemPage,
  WishlistItemsQuery,
  WishlistView,
} from './wishlist.dto.js';
import { WishlistService } from './wishlist.service.js';

const WishlistsQuery = z.strictObject(PageQuery);
type WishlistsQuery = z.output<typeof WishlistsQuery>;

const WishlistPage = Page(WishlistView);
type WishlistPage = z.output<typeof WishlistPage>;

@Controller('v1')
export class WishlistController {
  constructor(
    private readonly wishlists: WishlistService,
    private readonly items: WishlistItemsService,
  ) {}

  @Summary('Create a wishlist')
  @Post('wishlists')
  @RespondsWith(201, WishlistView, 'wishlist.limit_reached')
  create(@CurrentUser() user: AuthUser, @Body(CreateWishlist) body: CreateWishlist): Promise<WishlistView> {
    return this.wishlists.create(user, body);
  }

  @Summary('List your wishlists')
  @Get('me/wishlists')
  @RespondsWith(200, WishlistPage)
  mine(
    @CurrentUser() user: AuthUser,
    @QueryParams(WishlistsQuery) query: WishlistsQuery,
  ): Promise<WishlistPage> {
    return this.wishlists.listOwn(user, query);
  }

  @Summary('Read a wishlist')
  @Get('wishlists/:id')
  @HasEtag()
  @RespondsWith(200, WishlistView, 'wishlist.not_found')
  read(@CurrentUser() user: AuthUser, @Param('id', Uuid) id: string): Promise<WishlistView> {
    return this.wishlists.read(user, id);
  }

  @Summary('Change a wishlist')
  @Patch('wishlists/:id')
  @RespondsWith(200, WishlistView, 'wishlist.not_found', 'request.precondition_failed')
  edit(
    @CurrentUser() user: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(EditWishlist) body: EditWishlist,
  ): Promise<WishlistView> {
    return this.wishlists.edit(user, id, body);
  }

  @Summary('Delete a wishlist')
  @Delete('wishlists/:id')
  @RespondsWith(204, 'wishlist.not_found')
  delete(@CurrentUser() user: AuthUser, @Param('id', Uuid) id: string): Promise<void> {
    return this.wishlists.delete(user, id);
  }

  @Summary('List the listings of a wishlist')
  @Get('wishlists/:id/listings')
  @RespondsWith(200, WishlistItemPage, 'wishlist.not_found')
  listings(
    @CurrentUser() user: AuthUser,
    @Param('id', Uuid) id: string,
    @QueryParams(WishlistItemsQuery) query: WishlistItemsQuery,
  ): Promise<WishlistItemPage> {
    return this.items.listOwn(user, id, query);
  }

  @Summary('Add a listing to a wishlist')
  @Put('wishlists/:id/listings/:listingId')
  @RespondsWith(204, 'wishlist.not_found', 'wishlist.limit_reached', 'listing.not_found')
  put(
    @CurrentUser() user: AuthUser,
    @Param('id', Uuid) id: string,
    @Param('listingId', Uuid) listingId: string,
  ): Promise<void> {
    return this.wishlists.put(user, id, listingId);
  }

  @Summary('Remove a listing from a wishlist')
  @Delete('wishlists/:id/listings/:listingId')
  @RespondsWith(204, 'wishlist.not_found')
  remove(
    @CurrentUser() user: AuthUser,
    @Param('id', Uuid) id: string,
    @Param('listingId', Uuid) listingId: string,
  ): Promise<void> {
    return this.wishlists.remove(user, id, listingId);
  }
}
