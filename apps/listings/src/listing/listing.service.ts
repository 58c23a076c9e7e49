import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { isActiveAccount } from '@roost/accounts';
import { AuditLog } from '@roost/audit';
import { Transactions } from '@roost/messaging';
import { type AuthUser, etagOf, Idempotency, requireMatch, withEtag } from '@roost/http';
import { Clock, CONFIG, type Config, hmac, Problem, uuidv7 } from '@roost/platform';
import { PriceRules, type StayRules } from '@roost/pricing';
import { maySeeExactAddress } from '../booking/booking.queries.js';
import type { ListingsConfig } from '../config.js';
import type { Point } from '../geo/domain/point.js';
import { assignChanged } from './assign-changed.js';
import { refusedPrices } from './domain/chargeable-prices.js';
import { cellOf, displace, displacementKey } from './domain/displacement.js';
import { isEditable, type ListingAction, transition } from './domain/listing-state.js';
import { missingToPublish } from './domain/publishing.js';
import { ListingStore } from './listing-store.js';
import {
  type Audience,
  type CreateListing,
  type EditListing,
  hintsFor,
  type ListingView,
  toListingView,
} from './listing.dto.js';
import { Listing } from './listing.entity.js';
import type { ListingEvent } from './listing.events.js';
import { maskTexts } from './public-texts.js';
import { requireVisibleTaxNames } from './tax-names.js';

const EVENT_OF = {
  publish: 'listing.published',
  pause: 'listing.paused',
  archive: 'listing.archived',
  suspend: 'listing.suspended',
  reinstate: 'listing.reinstated',
} as const satisfies Record<ListingAction, ListingEvent>;

/** The representations of a listing that have their own ETag. */
type Representation = Audience | 'pricing' | 'stay-rules';

/** The listing to change, the host who changes it, and the representation whose ETag `If-Match` names. */
export interface ListingTarget {
  host: AuthUser;
  id: string;
  representation: Representation;
}

@Injectable()
export class ListingService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly listingStore: ListingStore,
    private readonly auditLog: AuditLog,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config<typeof ListingsConfig>,
  ) {}

  create(host: AuthUser, input: CreateListing): Promise<ListingView> {
    return this.idempotency.runOnce((em) =>
      this.insert(em, host, (listing) => this.assignContent(listing, input)),
    );
  }

  /** Stores a new draft. Runs in the caller's transaction. */
  async insert(
    em: EntityManager,
    host: AuthUser,
    assign: (listing: Listing) => unknown,
  ): Promise<ListingView> {
    const now = this.clock.now();
    const listing = new Listing();
    listing.id = uuidv7();
    listing.hostId = host.id;
    listing.createdAt = now;
    listing.updatedAt = now;
    assign(listing);
    em.persist(listing);
    await this.listingStore.store(em, listing, 'listing.created');
    return this.view(listing, 'host', host);
  }

  /** 404 for a listing that is neither public nor visible to this viewer. */
  async read(id: string, viewer: AuthUser | null): Promise<ListingView> {
    const { listing, audience } = await findVisibleListing(this.em.fork(), id, viewer);
    return this.view(listing, audience, viewer);
  }

  /** The listing as everyone may see it. */
  async publicPage(id: string): Promise<{ view: ListingView; etag: string }> {
    const { listing } = await findVisibleListing(this.em.fork(), id, null);
    const view = toListingView(listing, 'public', this.config.PUBLIC_URL);
    return { view, etag: listingEtag(listing, 'public', null) };
  }

  edit(host: AuthUser, id: string, input: EditListing): Promise<ListingView> {
    return this.transactions.run(async (em) => {
      const target = { host, id, representation: 'host' } as const;
      const listing = await this.change(em, target, (draft) => this.assignContent(draft, input));
      return this.view(listing, 'host', host);
    });
  }

  async pricing(host: AuthUser, id: string): Promise<PriceRules> {
    const listing = await findOwnListing(this.em.fork(), host, id);
    if (listing.pricing === null) throw new Problem('listing.pricing_not_set');
    // Rules that were stored before a field existed lack it.
    return withEtag(PriceRules.parse(listing.pricing), listingEtag(listing, 'pricing', host));
  }

  async setPricing(host: AuthUser, id: string, rules: PriceRules): Promise<PriceRules> {
    requireVisibleTaxNames(rules);
    return this.transactions.run(async (em) => {
      const target = { host, id, representation: 'pricing' } as const;
      const listing = await this.change(em, target, (draft) => assignChanged(draft, { pricing: rules }));
      return withEtag(rules, listingEtag(listing, 'pricing', host));
    });
  }

  /** For everyone who may read the listing. */
  async stayRules(id: string, viewer: AuthUser | null): Promise<StayRules> {
    const { listing } = await findVisibleListing(this.em.fork(), id, viewer);
    return withEtag(listing.stayRules, listingEtag(listing, 'stay-rules', viewer));
  }

  setStayRules(host: AuthUser, id: string, rules: StayRules): Promise<StayRules> {
    return this.transactions.run(async (em) => {
      const target = { host, id, representation: 'stay-rules' } as const;
      const listing = await this.change(em, target, (draft) => assignChanged(draft, { stayRules: rules }));
      return withEtag(rules, listingEtag(listing, 'stay-rules', host));
    });
  }

  publish(host: AuthUser, id: string): Promise<ListingView> {
    return this.actAsHost(host, id, 'publish');
  }

  pause(host: AuthUser, id: string): Promise<ListingView> {
    return this.actAsHost(host, id, 'pause');
  }

  archive(host: AuthUser, id: string): Promise<ListingView> {
    return this.actAsHost(host, id, 'archive');
  }

  suspend(admin: AuthUser, id: string, reason?: string): Promise<void> {
    return this.actAsAdmin(admin, id, { action: 'suspend', reason });
  }

  reinstate(admin: AuthUser, id: string, reason?: string): Promise<void> {
    return this.actAsAdmin(admin, id, { action: 'reinstate', reason });
  }

  /**
   * Loads a listing for its host, applies the change and stores it as one new version with one event. A change
   * without effect creates neither a version nor an event. Runs in the caller's transaction.
   *
   * Throws `listing.not_found`, `listing.forbidden`, `request.precondition_failed`, `listing.archived` and, for a
   * listing that was published, `listing.currency_fixed` and `listing.incomplete`. Throws `request.invalid` for prices
   * that can't be charged.
   */
  async change(
    em: EntityManager,
    { host, id, representation }: ListingTarget,
    apply: (listing: Listing) => unknown,
  ): Promise<Listing> {
    const listing = await findOwnListing(em, host, id);
    requireMatch(listingEtag(listing, representation, host));
    if (!isEditable(listing.status)) throw new Problem('listing.archived');
    const missingBefore = new Set(missingToPublish(listing));
    const before = { currency: listing.currency, pricing: listing.pricing };
    apply(listing);
    if (listing.publishedAt !== null) {
      maskPublicTexts(listing);
      if (listing.currency !== before.currency) throw new Problem('listing.currency_fixed');
      const missing = missingToPublish(listing).filter((pointer) => !missingBefore.has(pointer));
      if (missing.length > 0) {
        throw new Problem(
          'listing.incomplete',
          'A published listing needs every field required for publishing',
          {
            missing,
          },
        );
      }
    }
    const errors = refusedPrices(before, listing, { pricing: '', currency: '/currency' });
    if (errors.length > 0) throw new Problem('request.invalid', undefined, { errors });
    em.getUnitOfWork().computeChangeSets();
    if (em.getUnitOfWork().getChangeSets().length === 0) return listing;
    listing.updatedAt = this.clock.now();
    await this.listingStore.store(em, listing, 'listing.changed');
    return listing;
  }

  /** Assigns the fields that a host edits, and derives the public point from the exact location. */
  assignContent(listing: Listing, input: EditListing): void {
    const { location, ...rest } = input;
    assignChanged(listing, rest);
    if (location === undefined) return;
    const displaced = location === null ? null : this.displaced(listing.hostId, location);
    listing.lat = location?.lat ?? null;
    listing.lng = location?.lng ?? null;
    listing.publicLat = displaced?.lat ?? null;
    listing.publicLng = displaced?.lng ?? null;
  }

  /** Archives a listing of an erased host without its personal data. Has no effect on a listing without such data. */
  async erase(em: EntityManager, listing: Listing): Promise<void> {
    Object.assign(listing, {
      ...{ status: 'archived', statusBeforeSuspension: null },
      ...{ title: '', description: '', houseRules: '', registrationNumber: null },
      ...{ address: null, lat: null, lng: null, publicLat: null, publicLng: null },
      ...{ pricing: null, photos: [] },
    } satisfies Partial<Listing>);
    em.getUnitOfWork().computeChangeSets();
    if (em.getUnitOfWork().getChangeSets().length === 0) return;
    listing.updatedAt = this.clock.now();
    await this.listingStore.store(em, listing, 'listing.archived');
  }

  private view(listing: Listing, audience: Audience, viewer: AuthUser | null): ListingView {
    const view = toListingView(listing, audience, this.config.PUBLIC_URL);
    if (audience === 'host') view.hints = hintsFor(listing);
    return withEtag(view, listingEtag(listing, audience, viewer));
  }

  private actAsHost(host: AuthUser, id: string, action: ListingAction): Promise<ListingView> {
    return this.idempotency.runOnce(async (em) => {
      const listing = await findOwnListing(em, host, id);
      requireMatch(listingEtag(listing, 'host', host));
      await this.transitionBy(em, listing, action);
      return this.view(listing, 'host', host);
    });
  }

  private actAsAdmin(
    admin: AuthUser,
    id: string,
    { action, reason }: { action: ListingAction; reason: string | undefined },
  ): Promise<void> {
    return this.idempotency.runOnce(async (em) => {
      const listing = await em.findOne(Listing, { id });
      if (listing === null) throw new Problem('listing.not_found');
      await this.transitionBy(em, listing, action);
      await this.auditLog.record(em, {
        ...{ actor: admin, action: `listing.${action}`, reason },
        subject: { type: 'listing', id },
      });
    });
  }

  private async transitionBy(em: EntityManager, listing: Listing, action: ListingAction): Promise<void> {
    const next = transition(listing, action);
    if (next === null) {
      throw new Problem(
        'listing.wrong_state',
        `The action "${action}" is not allowed in status ${listing.status}`,
      );
    }
    const now = this.clock.now();
    if (action === 'publish') {
      maskPublicTexts(listing);
      const missing = missingToPublish(listing);
      if (missing.length > 0) throw new Problem('listing.incomplete', undefined, { missing });
      listing.publishedAt ??= now;
    }
    listing.status = next.status;
    listing.statusBeforeSuspension = next.statusBeforeSuspension;
    listing.updatedAt = now;
    await this.listingStore.store(em, listing, EVENT_OF[action]);
  }

  private displaced(hostId: string, exact: Point): Point {
    const cell = cellOf(exact);
    return displace(cell, hmac(this.config.LOCATION_SECRET, displacementKey(hostId, cell)));
  }
}

/** Published texts contain no contact data. `hints` tells the host before. */
function maskPublicTexts(listing: Listing): void {
  const { title, description, houseRules } = listing;
  assignChanged(listing, maskTexts({ title, description, houseRules }));
}

/** 403 for a published listing of another host, 404 for any other listing that is not the host's. */
export async function findOwnListing(em: EntityManager, host: AuthUser, id: string): Promise<Listing> {
  const listing = await em.findOne(Listing, { id });
  if (listing === null) throw new Problem('listing.not_found');
  if (listing.hostId !== host.id) {
    throw new Problem(listing.status === 'published' ? 'listing.forbidden' : 'listing.not_found');
  }
  return listing;
}

/** 404 for a listing that is neither public nor visible to this viewer. */
async function findVisibleListing(
  em: EntityManager,
  id: string,
  viewer: AuthUser | null,
): Promise<{ listing: Listing; audience: Audience }> {
  const listing = await em.findOne(Listing, { id });
  if (listing === null) throw new Problem('listing.not_found');
  const audience = await audienceOf(em, listing, viewer);
  const isPublic = listing.status === 'published' && (await isActiveAccount(em, listing.hostId));
  if (audience === 'public' && !isPublic) throw new Problem('listing.not_found');
  return { listing, audience };
}

async function audienceOf(em: EntityManager, listing: Listing, viewer: AuthUser | null): Promise<Audience> {
  if (viewer === null) return 'public';
  if (viewer.id === listing.hostId) return 'host';
  if (viewer.roles.includes('admin')) return 'trusted';
  return (await maySeeExactAddress(em, viewer.id, listing.id)) ? 'trusted' : 'public';
}

function listingEtag(listing: Listing, representation: Representation, viewer: AuthUser | null): string {
  // Price and stay rules contain no rating, so a new rating must not invalidate a host's `If-Match` on them.
  const hasRating = representation !== 'pricing' && representation !== 'stay-rules';
  const rating = hasRating ? (listing.rating?.version ?? 0) : 0;
  // New photo variants change the representation for readers, but must not invalidate the host's `If-Match`.
  const isForReaders = representation === 'public' || representation === 'trusted';
  const resized = isForReaders ? listing.photos.filter(({ widths }) => widths !== undefined).length : 0;
  return etagOf(`${listing.id} ${listing.version} ${rating} ${resized} ${representation}`, viewer?.id);
}
