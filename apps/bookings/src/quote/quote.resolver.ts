import { Arg, Edge, type EntityRef, ExternalEntity, Mutation, Parent, Query, Resolver } from '@roost/graphql';
import { CurrentUser, Uuid, type AuthUser } from '@roost/http';
import type { z } from 'zod';
import { CreateQuote, Quote } from './quote.dto.js';
import { QuoteService } from './quote.service.js';

const Listing = ExternalEntity('Listing');

@Resolver(Quote)
export class QuoteResolver {
  constructor(private readonly quotes: QuoteService) {}

  @Query(Quote)
  quote(@CurrentUser() viewer: AuthUser, @Arg('id', Uuid) id: string): Promise<Quote> {
    return this.quotes.read(viewer, id);
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
