import { Arg, Mutation, Resolver } from '@roost/graphql';
import { type AuthUser, CurrentUser, Roles, Uuid, VerifiedEmail } from '@roost/http';
import { ListingView } from '../listing/listing.dto.js';
import { ListingService } from '../listing/listing.service.js';
import { DraftService } from './draft.service.js';

@Resolver()
export class DraftResolver {
  constructor(
    private readonly drafts: DraftService,
    private readonly listings: ListingService,
  ) {}

  @Mutation(ListingView, { description: 'Returns the draft as it was.' })
  @Roles('host')
  @VerifiedEmail()
  async deleteListing(@CurrentUser() host: AuthUser, @Arg('id', Uuid) id: string): Promise<ListingView> {
    const draft = await this.listings.read(id, host);
    await this.drafts.delete(host, id);
    return draft;
  }

  @Mutation(ListingView, {
    description: 'Creates a draft with the content, pricing and stay rules of a listing, without its photos.',
  })
  @Roles('host')
  @VerifiedEmail()
  copyListing(@CurrentUser() host: AuthUser, @Arg('id', Uuid) id: string): Promise<ListingView> {
    return this.drafts.copy(host, id);
  }
}
