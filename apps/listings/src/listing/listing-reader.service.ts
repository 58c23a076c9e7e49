import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { inactiveAccounts } from '@roost/accounts';
import { type AuthUser, decodeCursor, page, type PageOf, Uuid } from '@roost/http';
import { CONFIG, type Config, Problem } from '@roost/platform';
import { z } from 'zod';
import { listingsWithAddressAccess } from '../booking/booking.queries.js';
import type { ListingsConfig } from '../config.js';
import type { ListingStatus } from './domain/listing-state.js';
import { type AdminListingsQuery, type Audience, type ListingView, toListingView } from './listing.dto.js';
import { Listing } from './listing.entity.js';
import type { ListingChange } from './listing-change.dto.js';
import { findListingChanges } from './listing-change.queries.js';
import { listListings } from './listing.queries.js';
import { findOwnListing } from './listing.service.js';

export interface PageRequest {
  limit: number;
  cursor?: string | undefined;
}

const ChangePosition = z.strictObject({ version: z.int32() });
const Position = z.strictObject({ id: Uuid });

/** Lists and batches of listings, each as the viewer may see it. */
@Injectable()
export class ListingReaderService {
  constructor(
    private readonly em: EntityManager,
    @Inject(CONFIG) private readonly config: Config<typeof ListingsConfig>,
  ) {}

  /** The host's own listings, newest first. */
  async listOwn(
    host: AuthUser,
    { status, ...request }: PageRequest & { status?: ListingStatus | undefined },
  ): Promise<PageOf<ListingView>> {
    const found = await findPage(
      this.em.fork(),
      { hostId: host.id, ...(status === undefined ? {} : { status }) },
      request,
    );
    return {
      ...found,
      data: found.data.map((listing) => toListingView(listing, 'host', this.config.PUBLIC_URL)),
    };
  }

  /** The listings of all hosts, newest first, for administrators. */
  async listAll(query: AdminListingsQuery): Promise<PageOf<ListingView>> {
    const found = await listListings(this.em.fork(), query);
    return {
      ...found,
      data: found.data.map((listing) => toListingView(listing, 'trusted', this.config.PUBLIC_URL)),
    };
  }

  /** Those of these listings that the viewer may see. */
  async findVisible(ids: readonly string[], viewer: AuthUser | null): Promise<ListingView[]> {
    const em = this.em.fork();
    return this.visible(em, await em.find(Listing, { id: { $in: [...ids] } }), viewer);
  }

  /** The published listings of a host, newest first. */
  async listPublished(
    hostId: string,
    viewer: AuthUser | null,
    request: PageRequest,
  ): Promise<PageOf<ListingView>> {
    const em = this.em.fork();
    const found = await findPage(em, { hostId, status: 'published' }, request);
    return { ...found, data: await this.visible(em, found.data, viewer) };
  }

  /** What was changed in a listing, newest first, for its host and administrators. */
  async listChanges(
    viewer: AuthUser,
    id: string,
    { limit, cursor }: PageRequest,
  ): Promise<PageOf<ListingChange>> {
    const em = this.em.fork();
    const isAdmin = viewer.roles.includes('admin');
    const listing = isAdmin ? await em.findOne(Listing, { id }) : await findOwnListing(em, viewer, id);
    if (listing === null) throw new Problem('listing.not_found');
    const before = decodeCursor(cursor, ChangePosition)?.version ?? null;
    const rows = await findListingChanges(em, id, { before, limit: limit + 1 });
    const found = page(rows, limit, ({ version }) => ({ version }));
    const data = found.data.map(({ actorId, at, ...change }): ListingChange => {
      const by = actorId === null ? 'system' : actorId === listing.hostId ? 'host' : 'admin';
      return { ...change, at: at.toISOString(), by, actorId: by === 'host' || isAdmin ? actorId : null };
    });
    return { ...found, data };
  }

  private async visible(
    em: EntityManager,
    listings: readonly Listing[],
    viewer: AuthUser | null,
  ): Promise<ListingView[]> {
    const ids = listings.map(({ id }) => id);
    const hostIds = listings.map(({ hostId }) => hostId);
    const withAddress =
      viewer === null ? new Set<string>() : await listingsWithAddressAccess(em, viewer.id, ids);
    const inactive = await inactiveAccounts(em, hostIds);
    const audienceOf = ({ id, hostId }: Listing): Audience => {
      if (viewer?.id === hostId) return 'host';
      return viewer?.roles.includes('admin') || withAddress.has(id) ? 'trusted' : 'public';
    };
    return listings.flatMap((listing) => {
      const audience = audienceOf(listing);
      const isPublic = listing.status === 'published' && !inactive.has(listing.hostId);
      if (audience === 'public' && !isPublic) return [];
      return [toListingView(listing, audience, this.config.PUBLIC_URL)];
    });
  }
}

/** The page carries the cursors of its rows for GraphQL; a spread keeps them. */
async function findPage(
  em: EntityManager,
  where: { hostId: string; status?: ListingStatus },
  { limit, cursor }: PageRequest,
): Promise<PageOf<Listing>> {
  const after = decodeCursor(cursor, Position);
  const rows = await em.find(
    Listing,
    { ...where, ...(after === null ? {} : { id: { $lt: after.id } }) },
    { orderBy: { id: 'desc' }, limit: limit + 1 },
  );
  return page(rows, limit, ({ id }) => ({ id }));
}
