import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { type AuthUser, CONFIG, type Config, decodeCursor, page, type PageOf, Uuid } from '@roost/platform';
import { z } from 'zod';
import type { ListingsConfig } from '../config.js';
import type { ListingStatus } from './domain/listing-state.js';
import { type ListingView, toListingView } from './listing.dto.js';
import { Listing } from './listing.entity.js';

export interface MyListings {
  status?: ListingStatus | undefined;
  limit: number;
  cursor?: string | undefined;
}

const Position = z.strictObject({ id: Uuid });

@Injectable()
export class ListingQueries {
  constructor(
    private readonly em: EntityManager,
    @Inject(CONFIG) private readonly config: Config<typeof ListingsConfig>,
  ) {}

  /** The host's own, newest first. */
  async mine(host: AuthUser, { status, limit, cursor }: MyListings): Promise<PageOf<ListingView>> {
    const after = decodeCursor(cursor, Position);
    const rows = await this.em.fork().find(
      Listing,
      {
        hostId: host.id,
        ...(status === undefined ? {} : { status }),
        ...(after === null ? {} : { id: { $lt: after.id } }),
      },
      { orderBy: { id: 'desc' }, limit: limit + 1 },
    );
    const { data, nextCursor } = page(rows, limit, ({ id }) => ({ id }));
    return {
      data: data.map((listing) => toListingView(listing, 'host', this.config.PUBLIC_URL)),
      nextCursor,
    };
  }
}
