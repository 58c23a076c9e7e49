import {
  After,
  Arg,
  Connection,
  type ConnectionPage,
  Edge,
  type EntityRef,
  First,
  ExternalEntity,
  Mutation,
  Parent,
  Query,
  Reference,
  Resolver,
  toConnection,
} from '@roost/graphql';
import { type AuthUser, CurrentUser, OptionalUser, Roles, Uuid, VerifiedEmail } from '@roost/http';
import { PriceRules, StayRules } from '@roost/pricing';
import type { z } from 'zod';
import { ListingChange } from './listing-change.dto.js';
import { ListingReaderService } from './listing-reader.service.js';
import { CreateListing, EditListing, ListingView } from './listing.dto.js';
import { ListingService } from './listing.service.js';

const User = ExternalEntity('User');
type Ref = z.output<EntityRef>;

@Resolver(ListingView)
export class ListingResolver {
  constructor(
    private readonly listings: ListingService,
    private readonly reader: ListingReaderService,
  ) {}

  @Query(ListingView)
  @OptionalUser()
  listing(@CurrentUser() viewer: AuthUser | null, @Arg('id', Uuid) id: string): Promise<ListingView> {
    return this.listings.read(id, viewer);
  }

  @Query(Connection(ListingChange), { description: 'What was changed in a listing of yours, newest first.' })
  @Roles('host')
  async listingChanges(
    @CurrentUser() host: AuthUser,
    @Arg('listingId', Uuid) id: string,
    @Arg('first', First) limit: number,
    @Arg('after', After) cursor: string | undefined,
  ): Promise<ConnectionPage<ListingChange>> {
    return toConnection(await this.reader.listChanges(host, id, { limit, cursor }));
  }

  @Query(StayRules, { description: 'The stay rules of a listing, for everyone who may read the listing.' })
  @OptionalUser()
  stayRules(@CurrentUser() viewer: AuthUser | null, @Arg('listingId', Uuid) id: string): Promise<StayRules> {
    return this.listings.stayRules(id, viewer);
  }

  /** As `GET /v1/listings/{id}` returns them; listings for which it responds with 404 are omitted. */
  @Reference(ListingView)
  @OptionalUser()
  visible(ids: readonly string[], viewer: AuthUser | null): Promise<ListingView[]> {
    return this.reader.findVisible(ids, viewer);
  }

  @Edge(User.nullable())
  host(@Parent() listing: ListingView): Ref {
    return { id: listing.hostId };
  }

  @Mutation(ListingView)
  @Roles('host')
  @VerifiedEmail()
  createListing(
    @CurrentUser() host: AuthUser,
    @Arg('input', CreateListing) input: CreateListing,
  ): Promise<ListingView> {
    return this.listings.create(host, input);
  }

  @Mutation(ListingView)
  @Roles('host')
  @VerifiedEmail()
  editListing(
    @CurrentUser() host: AuthUser,
    @Arg('id', Uuid) id: string,
    @Arg('input', EditListing) input: EditListing,
  ): Promise<ListingView> {
    return this.listings.edit(host, id, input);
  }

  @Mutation(PriceRules)
  @Roles('host')
  @VerifiedEmail()
  setPricing(
    @CurrentUser() host: AuthUser,
    @Arg('listingId', Uuid) id: string,
    @Arg('input', PriceRules) input: PriceRules,
  ): Promise<PriceRules> {
    return this.listings.setPricing(host, id, input);
  }

  @Mutation(StayRules)
  @Roles('host')
  @VerifiedEmail()
  setStayRules(
    @CurrentUser() host: AuthUser,
    @Arg('listingId', Uuid) id: string,
    @Arg('input', StayRules) input: StayRules,
  ): Promise<StayRules> {
    return this.listings.setStayRules(host, id, input);
  }

  @Mutation(ListingView)
  @Roles('host')
  @VerifiedEmail()
  publishListing(@CurrentUser() host: AuthUser, @Arg('id', Uuid) id: string): Promise<ListingView> {
    return this.listings.publish(host, id);
  }

  @Mutation(ListingView)
  @Roles('host')
  @VerifiedEmail()
  pauseListing(@CurrentUser() host: AuthUser, @Arg('id', Uuid) id: string): Promise<ListingView> {
    return this.listings.pause(host, id);
  }

  @Mutation(ListingView)
  @Roles('host')
  @VerifiedEmail()
  archiveListing(@CurrentUser() host: AuthUser, @Arg('id', Uuid) id: string): Promise<ListingView> {
    return this.listings.archive(host, id);
  }
}

@Resolver(User)
export class UserListingsResolver {
  constructor(private readonly reader: ListingReaderService) {}

  @Edge(Connection(ListingView).nullable(), {
    description: 'All listings, drafts included, if this is you; the published listings of other users.',
  })
  async listings(
    @Parent() user: Ref,
    @CurrentUser() viewer: AuthUser | null,
    @Arg('first', First) limit: number,
    @Arg('after', After) cursor: string | undefined,
  ): Promise<ConnectionPage<ListingView>> {
    return toConnection(
      viewer?.id === user.id
        ? await this.reader.listOwn(viewer, { limit, cursor })
        : await this.reader.listPublished(user.id, viewer, { limit, cursor }),
    );
  }
}
