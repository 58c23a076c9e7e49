import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { type AuthUser, decodeCursor, page, type PageOf, Uuid } from '@roost/http';
import { CONFIG, type Config } from '@roost/platform';
import { z } from 'zod';
import { knownDoors } from '../booking/booking.queries.js';
import type { ListingsConfig } from '../config.js';
import { suspendedHosts } from '../host/host.queries.js';
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
    const found = page(rows, limit, ({ id }) => ({ id }));
    return {
      ...found,
      data: found.data.map((listing) => toListingView(listing, 'host', this.config.PUBLIC_URL)),
    };
  }

  /** Those of these listings that the viewer may see, each as he may see it. */
  async readAll(ids: readonly string[], viewer: AuthUser | null): Promise<ListingView[]> {
    const em = this.em.fork();
    return this.seen(em, await em.find(Listing, { id: { $in: [...ids] } }), viewer);
  }

  /** What somebody lets, newest first. */
  async offeredBy(
    hostId: string,
    viewer: AuthUser | null,
    { limit, cursor }: MyListings,
  ): Promise<PageOf<ListingView>> {
    const em = this.em.fork();
    const after = decodeCursor(cursor, Position);
    const rows = await em.find(
      Listing,
      { hostId, status: 'published', ...(after === null ? {} : { id: { $lt: after.id } }) },
      { orderBy: { id: 'desc' }, limit: limit + 1 },
    );
    const found = page(rows, limit, ({ id }) => ({ id }));
    return { ...found, data: await this.seen(em, found.data, viewer) };
  }

  private async seen(
    em: EntityManager,
    listings: readonly Listing[],
    viewer: AuthUser | null,
  ): Promise<ListingView[]> {
    const ids = listings.map(({ id }) => id);
    const known = viewer === null ? new Set<string>() : await knownDoors(em, viewer.id, ids);
    const suspended = await suspendedHosts(
      em,
      listings.map(({ hostId }) => hostId),
    );
    return listings.flatMap((listing) => {
      const { id, hostId, status } = listing;
      const insider = viewer?.roles.includes('admin') || known.has(id);
      const seenBy = viewer?.id === hostId ? 'host' : insider ? 'insider' : 'stranger';
      if (seenBy === 'stranger' && (status !== 'published' || suspended.has(hostId))) return [];
      return [toListingView(listing, seenBy, this.config.PUBLIC_URL)];
    });
  }
}
