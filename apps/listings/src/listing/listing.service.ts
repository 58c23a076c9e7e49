import { isDeepStrictEqual } from 'node:util';
import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Outbox, Transactions } from '@roost/messaging';
import { type AuthUser, etagOf, Idempotency, requireMatch, withEtag } from '@roost/http';
import { Clock, CONFIG, type Config, hmac, Problem, uuidv7 } from '@roost/platform';
import type { PriceRules, StayRules } from '@roost/pricing';
import { knowsTheDoor } from '../booking/booking.queries.js';
import type { ListingsConfig } from '../config.js';
import { isActiveHost } from '../host/host.queries.js';
import { indexListing } from '../search/search.projection.js';
import { isEditable, type ListingAction, transition } from './domain/listing-state.js';
import { displace, placeKey, type Point } from './domain/place.js';
import { missingToPublish } from './domain/publishing.js';
import {
  type CreateListing,
  type EditListing,
  type ListingView,
  toListingView,
  type Viewpoint,
} from './listing.dto.js';
import { Listing } from './listing.entity.js';
import { type ListingEvent, toListingEvent } from './listing.events.js';

const EVENT_OF = {
  publish: 'listing.published',
  pause: 'listing.paused',
  archive: 'listing.archived',
  suspend: 'listing.suspended',
  reinstate: 'listing.reinstated',
} as const satisfies Record<ListingAction, ListingEvent>;

/** The representations of a listing that carry an ETag of their own. */
type Resource = Viewpoint | 'pricing' | 'stay-rules';

@Injectable()
export class ListingService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config<typeof ListingsConfig>,
  ) {}

  create(host: AuthUser, input: CreateListing): Promise<ListingView> {
    return this.idempotency.answer(async (em) => {
      const now = this.clock.now();
      const listing = new Listing();
      listing.id = uuidv7();
      listing.hostId = host.id;
      listing.createdAt = now;
      listing.updatedAt = now;
      this.fill(listing, input);
      em.persist(listing);
      await this.announce(em, listing, 'listing.created');
      return this.view(listing, 'host', host);
    });
  }

  async read(id: string, viewer: AuthUser | null): Promise<ListingView> {
    const em = this.em.fork();
    const listing = await em.findOne(Listing, { id });
    if (listing === null) throw new Problem('listing.not_found');
    const seenBy = await this.viewpoint(em, listing, viewer);
    const offered = listing.status === 'published' && (await isActiveHost(em, listing.hostId));
    if (seenBy === 'stranger' && !offered) throw new Problem('listing.not_found');
    return this.view(listing, seenBy, viewer);
  }

  edit(host: AuthUser, id: string, input: EditListing): Promise<ListingView> {
    return this.transactions.run(async (em) => {
      const listing = await this.change(em, host, id, 'host', (draft) => this.fill(draft, input));
      return this.view(listing, 'host', host);
    });
  }

  async pricing(host: AuthUser, id: string): Promise<PriceRules> {
    const listing = await ownListing(this.em.fork(), host, id);
    if (listing.pricing === null) throw new Problem('listing.pricing_not_set');
    return withEtag(listing.pricing, tagOf(listing, 'pricing', host));
  }

  setPricing(host: AuthUser, id: string, rules: PriceRules): Promise<PriceRules> {
    return this.transactions.run(async (em) => {
      const listing = await this.change(em, host, id, 'pricing', (draft) =>
        assign(draft, { pricing: rules }),
      );
      return withEtag(rules, tagOf(listing, 'pricing', host));
    });
  }

  async stayRules(host: AuthUser, id: string): Promise<StayRules> {
    const listing = await ownListing(this.em.fork(), host, id);
    return withEtag(listing.stayRules, tagOf(listing, 'stay-rules', host));
  }

  setStayRules(host: AuthUser, id: string, rules: StayRules): Promise<StayRules> {
    return this.transactions.run(async (em) => {
      const listing = await this.change(em, host, id, 'stay-rules', (draft) =>
        assign(draft, { stayRules: rules }),
      );
      return withEtag(rules, tagOf(listing, 'stay-rules', host));
    });
  }

  publish(host: AuthUser, id: string): Promise<ListingView> {
    return this.move(host, id, 'publish');
  }

  pause(host: AuthUser, id: string): Promise<ListingView> {
    return this.move(host, id, 'pause');
  }

  archive(host: AuthUser, id: string): Promise<ListingView> {
    return this.move(host, id, 'archive');
  }

  suspend(id: string): Promise<void> {
    return this.moveAsAdmin(id, 'suspend');
  }

  reinstate(id: string): Promise<void> {
    return this.moveAsAdmin(id, 'reinstate');
  }

  /**
   * Loads a listing for its host, applies the change and announces it as one new version; a change that
   * changes nothing is no version. Part of the caller's transaction.
   */
  async change(
    em: EntityManager,
    host: AuthUser,
    id: string,
    resource: Resource,
    apply: (listing: Listing) => unknown,
  ): Promise<Listing> {
    const listing = await ownListing(em, host, id);
    requireMatch(tagOf(listing, resource, host));
    if (!isEditable(listing.status)) throw new Problem('listing.archived');
    const missingBefore = new Set(missingToPublish(listing));
    const currencyBefore = listing.currency;
    apply(listing);
    if (listing.publishedAt !== null) {
      if (listing.currency !== currencyBefore) throw new Problem('listing.currency_fixed');
      const missing = missingToPublish(listing).filter((pointer) => !missingBefore.has(pointer));
      if (missing.length > 0) {
        throw new Problem('listing.incomplete', 'A published listing keeps what publishing needs', {
          missing,
        });
      }
    }
    em.getUnitOfWork().computeChangeSets();
    if (em.getUnitOfWork().getChangeSets().length === 0) return listing;
    listing.updatedAt = this.clock.now();
    await this.announce(em, listing, 'listing.changed');
    return listing;
  }

  view(listing: Listing, seenBy: Viewpoint, viewer: AuthUser | null): ListingView {
    const view = toListingView(listing, seenBy, this.config.PUBLIC_URL);
    return withEtag(view, tagOf(listing, seenBy, viewer));
  }

  private move(host: AuthUser, id: string, action: ListingAction): Promise<ListingView> {
    return this.idempotency.answer(async (em) => {
      const listing = await ownListing(em, host, id);
      requireMatch(tagOf(listing, 'host', host));
      await this.step(em, listing, action);
      return this.view(listing, 'host', host);
    });
  }

  private moveAsAdmin(id: string, action: ListingAction): Promise<void> {
    return this.idempotency.answer(async (em) => {
      const listing = await em.findOne(Listing, { id });
      if (listing === null) throw new Problem('listing.not_found');
      await this.step(em, listing, action);
    });
  }

  private async step(em: EntityManager, listing: Listing, action: ListingAction): Promise<void> {
    const next = transition(listing, action);
    if (next === null) {
      throw new Problem('listing.wrong_state', `A listing that is ${listing.status} has no "${action}"`);
    }
    const now = this.clock.now();
    if (action === 'publish') {
      const missing = missingToPublish(listing);
      if (missing.length > 0) throw new Problem('listing.incomplete', undefined, { missing });
      listing.publishedAt ??= now;
    }
    listing.status = next.status;
    listing.statusBeforeSuspension = next.statusBeforeSuspension;
    listing.updatedAt = now;
    await this.announce(em, listing, EVENT_OF[action]);
  }

  /** The row before its event: the version is that of the row, and the transaction id is taken by its update. */
  private async announce(em: EntityManager, listing: Listing, type: ListingEvent): Promise<void> {
    await em.flush();
    await indexListing(em, listing);
    await this.outbox.add(em, type, toListingEvent(listing, this.config.PUBLIC_URL), {
      version: listing.version,
    });
  }

  /** Writes what a person may say of a listing; where strangers see it follows from where it is. */
  fill(listing: Listing, input: EditListing): void {
    const { location, ...rest } = input;
    assign(listing, rest);
    if (location === undefined) return;
    const seen = location === null ? null : this.displaced(listing.hostId, location);
    listing.lat = location?.lat ?? null;
    listing.lng = location?.lng ?? null;
    listing.publicLat = seen?.lat ?? null;
    listing.publicLng = seen?.lng ?? null;
  }

  private displaced(hostId: string, exact: Point): Point {
    return displace(exact, hmac(this.config.LOCATION_SECRET, placeKey(hostId, exact)));
  }

  private async viewpoint(em: EntityManager, listing: Listing, viewer: AuthUser | null): Promise<Viewpoint> {
    if (viewer === null) return 'stranger';
    if (viewer.id === listing.hostId) return 'host';
    if (viewer.roles.includes('admin')) return 'insider';
    return (await knowsTheDoor(em, viewer.id, listing.id)) ? 'insider' : 'stranger';
  }
}

/** What nobody else can see is not there for others; what everybody sees is not theirs to change. */
export async function ownListing(em: EntityManager, host: AuthUser, id: string): Promise<Listing> {
  const listing = await em.findOne(Listing, { id });
  if (listing === null) throw new Problem('listing.not_found');
  if (listing.hostId !== host.id) {
    throw new Problem(listing.status === 'published' ? 'listing.forbidden' : 'listing.not_found');
  }
  return listing;
}

function tagOf(listing: Listing, resource: Resource, viewer: AuthUser | null): string {
  // Price and stay rules show no rating; a rating that comes must not get in the way of who edits them.
  const rating = resource === 'pricing' || resource === 'stay-rules' ? 0 : (listing.rating?.version ?? 0);
  // Photos that have been resized are news to readers, and nothing that could get in the way of the host's own edits.
  const isReader = resource === 'stranger' || resource === 'insider';
  const resized = isReader ? listing.photos.filter(({ widths }) => widths !== undefined).length : 0;
  return etagOf(`${listing.id} ${listing.version} ${rating} ${resized} ${resource}`, viewer?.id);
}

/** Leaves alone what is the same already: the mapper takes an equal object with its keys in another order for a change. */
export function assign<T extends object>(target: T, fields: { [K in keyof T]?: T[K] | undefined }): void {
  for (const name of Object.keys(fields) as (keyof T)[]) {
    const value = fields[name];
    if (value !== undefined && !isDeepStrictEqual(target[name], value)) target[name] = value as T[keyof T];
  }
}
