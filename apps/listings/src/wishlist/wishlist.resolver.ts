import {
  After,
  Arg,
  Connection,
  type ConnectionPage,
  Edge,
  First,
  Mutation,
  Parent,
  Query,
  Resolver,
  toConnection,
} from '@roost/graphql';
import { type AuthUser, CurrentUser, OptionalUser, Uuid } from '@roost/http';
import { WishlistItemsService } from './wishlist-items.service.js';
import { WishlistSharingService } from './wishlist-sharing.service.js';
import {
  CreateWishlist,
  EditWishlist,
  SharedWishlist,
  ShareToken,
  ShareUrl,
  WishlistItem,
  WishlistView,
} from './wishlist.dto.js';
import { WishlistService } from './wishlist.service.js';

const Items = Connection(WishlistItem);
type Items = ConnectionPage<WishlistItem>;

@Resolver(WishlistView)
export class WishlistResolver {
  constructor(
    private readonly lists: WishlistService,
    private readonly items: WishlistItemsService,
    private readonly sharing: WishlistSharingService,
  ) {}

  @Query(Connection(WishlistView), { description: 'Your wishlists, newest first.' })
  async wishlists(
    @CurrentUser() user: AuthUser,
    @Arg('first', First) limit: number,
    @Arg('after', After) cursor: string | undefined,
  ): Promise<ConnectionPage<WishlistView>> {
    return toConnection(await this.lists.listOwn(user, { limit, cursor }));
  }

  @Query(WishlistView)
  wishlist(@CurrentUser() user: AuthUser, @Arg('id', Uuid) id: string): Promise<WishlistView> {
    return this.lists.read(user, id);
  }

  @Edge(Items)
  async listings(
    @Parent() wishlist: WishlistView,
    @CurrentUser() user: AuthUser,
    @Arg('first', First) limit: number,
    @Arg('after', After) cursor: string | undefined,
  ): Promise<Items> {
    return toConnection(await this.items.listOwn(user, wishlist.id, { limit, cursor }));
  }

  @Query(SharedWishlist, {
    description: 'The wishlist with a share URL. `token` is the last part of its path.',
  })
  @OptionalUser()
  sharedWishlist(@Arg('token', ShareToken) token: string): Promise<SharedWishlist> {
    return this.sharing.read(token);
  }

  @Query(Items, { description: 'The listings of the wishlist with a share URL.' })
  @OptionalUser()
  async sharedWishlistListings(
    @Arg('token', ShareToken) token: string,
    @Arg('first', First) limit: number,
    @Arg('after', After) cursor: string | undefined,
  ): Promise<Items> {
    return toConnection(await this.items.listShared(token, { limit, cursor }));
  }

  @Mutation(WishlistView)
  createWishlist(
    @CurrentUser() user: AuthUser,
    @Arg('input', CreateWishlist) input: CreateWishlist,
  ): Promise<WishlistView> {
    return this.lists.create(user, input);
  }

  @Mutation(WishlistView)
  editWishlist(
    @CurrentUser() user: AuthUser,
    @Arg('id', Uuid) id: string,
    @Arg('input', EditWishlist) input: EditWishlist,
  ): Promise<WishlistView> {
    return this.lists.edit(user, id, input);
  }

  @Mutation(WishlistView, { description: 'Returns the wishlist as it was.' })
  async deleteWishlist(@CurrentUser() user: AuthUser, @Arg('id', Uuid) id: string): Promise<WishlistView> {
    const wishlist = await this.lists.read(user, id);
    await this.lists.delete(user, id);
    return wishlist;
  }

  @Mutation(WishlistView)
  async addToWishlist(
    @CurrentUser() user: AuthUser,
    @Arg('id', Uuid) id: string,
    @Arg('listingId', Uuid) listingId: string,
  ): Promise<WishlistView> {
    await this.lists.put(user, id, listingId);
    return this.lists.read(user, id);
  }

  @Mutation(WishlistView)
  async removeFromWishlist(
    @CurrentUser() user: AuthUser,
    @Arg('id', Uuid) id: string,
    @Arg('listingId', Uuid) listingId: string,
  ): Promise<WishlistView> {
    await this.lists.remove(user, id, listingId);
    return this.lists.read(user, id);
  }

  @Mutation(ShareUrl, { description: 'Creates a new URL of the wishlist. The previous URL is revoked.' })
  createWishlistShareUrl(@CurrentUser() user: AuthUser, @Arg('id', Uuid) id: string): Promise<ShareUrl> {
    return this.sharing.createUrl(user, id);
  }

  @Mutation(WishlistView)
  async revokeWishlistShareUrl(
    @CurrentUser() user: AuthUser,
    @Arg('id', Uuid) id: string,
  ): Promise<WishlistView> {
    await this.sharing.revokeUrl(user, id);
    return this.lists.read(user, id);
  }
}
