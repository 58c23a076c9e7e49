import { UniqueConstraintViolationException } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { AuditLog } from '@roost/audit';
import { Outbox, RetryTransaction } from '@roost/messaging';
import {
  type AuthUser,
  ContactMasking,
  Idempotency,
  importedRow,
  type ImportResult,
  type ImportResults,
  parseRow,
  rejectedRow,
  invalidRowField,
} from '@roost/http';
import { Clock, CONFIG, type Config, Problem, deterministicUuid } from '@roost/platform';
import { amenityCodeOfSlug, propertyTypeCodeOfSlug } from '../catalogue/free-text.js';
import type { ListingsConfig } from '../config.js';
import { assignChanged } from './assign-changed.js';
import { refusedPrices } from './domain/chargeable-prices.js';
import { isEditable, transition } from './domain/listing-state.js';
import { missingToPublish } from './domain/publishing.js';
import { changedFields, insertListingChanges } from './listing-change.queries.js';
import { ImportedListing, type ImportListings } from './listing-import.dto.js';
import type { CreateListing } from './listing.dto.js';
import { Listing } from './listing.entity.js';
import { type ListingEvent, toListingEvent } from './listing.events.js';
import { ListingStore } from './listing-store.js';
import { ListingService } from './listing.service.js';
import { maskTexts } from './public-texts.js';
import { requireVisibleTaxNames } from './tax-names.js';

/** A row that passed the checks, with the entity that it was applied to. */
interface AcceptedRow {
  externalId: string;
  listing: Listing;
  isNew: boolean;
  isPublished: boolean;
  masking: ContactMasking;
}

/** Imports listings under the rules of all listings, except that publishing requires neither a photo nor a description. */
@Injectable()
export class ListingImportService {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly listingService: ListingService,
    private readonly listingStore: ListingStore,
    private readonly outbox: Outbox,
    private readonly auditLog: AuditLog,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config<typeof ListingsConfig>,
  ) {}

  /** Stores all valid rows in one transaction. A rejected row does not affect the others. */
  listings(admin: AuthUser, batch: ImportListings): Promise<ImportResults> {
    return this.idempotency.runOnce(async (em) => {
      const rows = batch.rows.map((row) => parseRow(ImportedListing, row));
      const idOf = (externalId: string) => deterministicUuid('listing', batch.source, externalId);
      const ids = rows.flatMap(({ value }) => (value ? [idOf(value.externalId)] : []));
      const found = await em.find(Listing, { id: { $in: ids } });
      const existing = new Map(found.map((listing) => [listing.id, listing]));
      const processedIds = new Set<string>();
      const outcomes = rows.map(({ value, rejected }): AcceptedRow | ImportResult => {
        if (!value) return rejected;
        const id = idOf(value.externalId);
        try {
          if (processedIds.has(id)) {
            throw invalidRowField('request.invalid', '/externalId', 'Appears more than once in this batch');
          }
          processedIds.add(id);
          return this.applyRow(em, { id, existing: existing.get(id), row: value });
        } catch (error) {
          if (error instanceof Problem) return rejectedRow(value.externalId, error);
          throw error;
        }
      });
      const changed = await this.store(
        em,
        outcomes.filter((outcome) => 'listing' in outcome),
      );
      const results = outcomes.map((outcome) =>
        'listing' in outcome ? toResult(outcome, changed) : outcome,
      );
      await this.auditLog.recordImport(
        em,
        { admin, action: 'import.listings', source: batch.source },
        results,
      );
      return { results };
    });
  }

  private applyRow(
    em: EntityManager,
    { id, existing, row }: { id: string; existing: Listing | undefined; row: ImportedListing },
  ): AcceptedRow {
    const { content, pricing, stayRules } = row;
    if (pricing) requireVisibleTaxNames(pricing, '/pricing');
    const now = this.clock.now();
    const listing = existing ?? new Listing();
    if (existing) {
      requireChangeable(existing, row);
    } else {
      Object.assign(listing, { id, hostId: row.hostId, imported: true, createdAt: now, updatedAt: now });
      // The defaults of a draft are for hosts, who see them in the form.
      Object.assign(listing, { bedrooms: null, beds: null, bathrooms: null });
    }
    requireChargeable(listing, row);
    const missingBefore = new Set(missingToPublish(listing));
    const masking = new ContactMasking();
    this.listingService.assignContent(listing, withCodes(maskTexts(content, masking, '/content')));
    assignChanged(listing, { pricing, stayRules });
    const missing = missingToPublish(listing);
    const [removed] = missing.filter((pointer) => !missingBefore.has(pointer));
    if (listing.publishedAt !== null && removed !== undefined) {
      // Discards the assignments above.
      em.getUnitOfWork().unsetIdentity(listing);
      throw invalidRowField('listing.incomplete', pointerInRow(removed), 'A published listing requires this');
    }
    const next = listing.status === 'draft' && missing.length === 0 ? transition(listing, 'publish') : null;
    if (next) {
      listing.status = next.status;
      listing.publishedAt ??= now;
    }
    if (!existing) em.persist(listing);
    return { externalId: row.externalId, listing, isNew: !existing, isPublished: next !== null, masking };
  }

  /** Stores the row, the search row and one event of each new or changed listing, and returns these listings. */
  private async store(em: EntityManager, rows: readonly AcceptedRow[]): Promise<ReadonlySet<Listing>> {
    const fields = changedFields(em);
    const changedRows = rows.filter(({ listing }) => fields.has(listing));
    const listings = changedRows.map(({ listing }) => listing);
    const now = this.clock.now();
    for (const listing of listings) listing.updatedAt = now;
    await em.flush().catch(retryOnConcurrentInsert);
    await this.listingStore.index(em, listings);
    for (const [type, group] of Map.groupBy(changedRows, eventTypeOf)) {
      await this.outbox.addAll(
        em,
        type,
        group.map(({ listing }) => ({
          body: toListingEvent(listing, this.config.PUBLIC_URL),
          version: listing.version,
        })),
      );
      const changed = group.map(({ listing }) => [listing, fields.get(listing) ?? []] as const);
      await insertListingChanges(em, type, changed);
    }
    return new Set(listings);
  }
}

function eventTypeOf({ isNew, isPublished }: AcceptedRow): ListingEvent {
  if (isPublished) return 'listing.published';
  return isNew ? 'listing.created' : 'listing.changed';
}

/** A concurrent batch has inserted the same listing. The retry finds it and updates it. */
function retryOnConcurrentInsert(error: unknown): never {
  if (error instanceof UniqueConstraintViolationException) throw new RetryTransaction(error.message);
  throw error;
}

/** Must run before any field is assigned. */
function requireChangeable(listing: Listing, { hostId, content }: ImportedListing): void {
  if (listing.hostId !== hostId) {
    throw invalidRowField('listing.forbidden', '/hostId', 'The listing belongs to another host');
  }
  if (!isEditable(listing.status)) throw new Problem('listing.archived');
  const { currency = listing.currency } = content;
  if (listing.publishedAt !== null && currency !== listing.currency) {
    throw invalidRowField(
      'listing.currency_fixed',
      '/content/currency',
      'Can not be changed after the first publication',
    );
  }
}

/** Must run before any field is assigned. */
function requireChargeable(listing: Listing, { content, pricing }: ImportedListing): void {
  const next = { pricing: listing.pricing, currency: listing.currency };
  assignChanged(next, { pricing, currency: content.currency });
  const at = { pricing: '/pricing', currency: '/content/currency' };
  const errors = refusedPrices(listing, next, at);
  if (errors.length > 0) throw new Problem('request.invalid', undefined, { errors });
}

const pointerInRow = (pointer: string): string =>
  pointer.startsWith('/pricing') ? pointer : `/content${pointer}`;

/** The codes of the catalogues for the names of the source; names that are in no catalogue stay. */
function withCodes(content: CreateListing): CreateListing {
  const { propertyType, amenities } = content;
  return {
    ...content,
    ...(propertyType === undefined ? {} : { propertyType: propertyTypeCodeOfSlug(propertyType) }),
    ...(amenities === undefined ? {} : { amenities: [...new Set(amenities.map(amenityCodeOfSlug))] }),
  };
}

function toResult(
  { externalId, listing, isNew, masking }: AcceptedRow,
  changed: ReadonlySet<Listing>,
): ImportResult {
  const outcome = isNew ? 'created' : changed.has(listing) ? 'updated' : 'unchanged';
  const result = importedRow(externalId, listing.id, outcome);
  const [missing] = listing.status === 'draft' ? missingToPublish(listing) : [];
  if (missing === undefined) return masking.addTo(result);
  const detail = 'The listing stays a draft: publishing requires this';
  return masking.addTo({ ...result, code: 'listing.incomplete', pointer: pointerInRow(missing), detail });
}
