import { Controller, Delete, Get, Header, Post } from '@nestjs/common';
import {
  type AuthUser,
  CurrentUser,
  Param,
  Public,
  QueryParams,
  RespondsWith,
  Summary,
  Uuid,
} from '@roost/http';
import { WishlistItemsService } from './wishlist-items.service.js';
import { WishlistSharingService } from './wishlist-sharing.service.js';
import {
  SharedWishlist,
  ShareToken,
  ShareUrl,
  WishlistItemPage,
  WishlistItemsQuery,
} from './wishlist.dto.js';

@Controller('v1')
export class WishlistSharingController {
  constructor(
    private readonly sharing: WishlistSharingService,
    private readonly items: WishlistItemsService,
  ) {}

  @Summary('Create the share URL of a wishlist')
  @Post('wishlists/:id/share-url')
  @RespondsWith(201, ShareUrl, 'wishlist.not_found')
  createUrl(@CurrentUser() user: AuthUser, @Param('id', Uuid) id: string): Promise<ShareUrl> {
    return this.sharing.createUrl(user, id);
  }

  @Summary('Revoke the share URL of a wishlist')
  @Delete('wishlists/:id/share-url')
  @RespondsWith(204, 'wishlist.not_found')
  revokeUrl(@CurrentUser() user: AuthUser, @Param('id', Uuid) id: string): Promise<void> {
    return this.sharing.revokeUrl(user, id);
  }

  @Summary('Read a shared wishlist')
  @Get('shared-wishlists/:token')
  @Public()
  @RespondsWith(200, SharedWishlist, 'wishlist.not_found')
  @Header('x-robots-tag', 'noindex')
  @Header('cache-control', 'private, no-cache')
  read(@Param('token', ShareToken) token: string): Promise<SharedWishlist> {
    return this.sharing.read(token);
  }

  @Summary('List the listings of a shared wishlist')
  @Get('shared-wishlists/:token/listings')
  @Public()
  @RespondsWith(200, WishlistItemPage, 'wishlist.not_found')
  @Header('x-robots-tag', 'noindex')
  @Header('cache-control', 'private, no-cache')
  listings(
    @Param('token', ShareToken) token: string,
    @QueryParams(WishlistItemsQuery) query: WishlistItemsQuery,
  ): Promise<WishlistItemPage> {
    return this.items.listShared(token, query);
  }
}
