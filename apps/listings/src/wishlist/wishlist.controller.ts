import { Controller, Delete, Get, Post, Put } from '@nestjs/common';
import {
  RespondsWith,
  type AuthUser,
  Body,
  CurrentUser,
  Page,
  PageQuery,
  Param,
  QueryParams,
  Uuid,
  Summary,
} from '@roost/http';
import { z } from 'zod';
import { CreateWishlist, WishlistView } from './wishlist.dto.js';
import { WishlistService } from './wishlist.service.js';

const WishlistsQuery = z.strictObject(PageQuery);
type WishlistsQuery = z.output<typeof WishlistsQuery>;

const WishlistPage = Page(WishlistView);
type WishlistPage = z.output<typeof WishlistPage>;

@Controller('v1')
export class WishlistController {
  constructor(private readonly wishlists: WishlistService) {}

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
