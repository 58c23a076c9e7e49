import { Arg, Edge, type EntityRef, ExternalEntity, Mutation, Parent, Query, Resolver } from '@roost/graphql';
import { CurrentUser, OptionalUser, Uuid, type AuthUser } from '@roost/http';
import type { z } from 'zod';
import { CreateQuote, PriceStay, Quote, StayPrice } from './quote.dto.js';
import { QuoteService } from './quote.service.js';
import { StayPriceService } from './stay-price.service.js';

const Listing = ExternalEntity('Listing');

@Resolver(Quote)
export class QuoteResolver {
  constructor(
    private readonly quotes: QuoteService,
    private readonly prices: StayPriceService,
  ) {}

  @Query(Quote)
  quote(@CurrentUser() viewer: AuthUser, @Arg('id', Uuid) id: string): Promise<Quote> {
    return this.quotes.read(viewer, id);
  }

  @Query(StayPrice, { description: 'The price of a stay now, without a quote. It requires no access token.' })
  @OptionalUser()
  price(
    @Arg('listingId', Uuid) listingId: string,
    @Arg('input', PriceStay) input: PriceStay,
  ): Promise<StayPrice> {
    return this.prices.price(listingId, input);
  }

  @Mutation(Quote)
  createQuote(@CurrentUser() guest: AuthUser, @Arg('input', CreateQuote) input: CreateQuote): Promise<Quote> {
    return this.quotes.create(guest, input);
  }

  @Edge(Listing.nullable())
  listing(@Parent() quote: Quote): z.output<EntityRef> {
    return { id: quote.listingId };
  }
}
