import { UniqueConstraintViolationException } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Outbox, RetryTransaction } from '@roost/messaging';
import {
  Idempotency,
  importedRow,
  type ImportResult,
  type ImportResults,
  readRow,
  refusedRow,
  wrongField,
} from '@roost/http';
import { Clock, CONFIG, type Config, Problem, uuidOf } from '@roost/platform';
import type { ListingsConfig } from '../config.js';
import { indexListings } from '../search/search.projection.js';
import { isEditable, transition } from './domain/listing-state.js';
import { missingToPublish } from './domain/publishing.js';
import { ImportedListing, type ImportListings } from './listing-import.dto.js';
import { Listing } from './listing.entity.js';
import { type ListingEvent, toListingEvent } from './listing.events.js';
import { assign, ListingService } from './listing.service.js';

interface Kept {
  externalId: string;
  listing: Listing;
  isNew: boolean;
  published: boolean;
}

/** Listings from elsewhere, under the rules of every other listing: only a photo and a description are not asked of them. */
@Injectable()
export class ListingImport {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly rules: ListingService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config<typeof ListingsConfig>,
  ) {}

  /** One transaction for all rows; each is kept or refused on its own. */
  listings(batch: ImportListings): Promise<ImportResults> {
    return this.idempotency.answer(async (em) => {
      const rows = batch.rows.map((row) => readRow(ImportedListing, row));
      const idOf = (externalId: string) => uuidOf('listing', batch.source, externalId);
      const ids = rows.flatMap(({ value }) => (value ? [idOf(value.externalId)] : []));
      const found = await em.find(Listing, { id: { $in: ids } });
      const known = new Map(found.map((listing) => [listing.id, listing]));
      const seen = new Set<string>();
      const kept = rows.map(({ value, refused }): Kept | ImportResult => {
        if (!value) return refused;
        const id = idOf(value.externalId);
        try {
          if (seen.has(id)) throw wrongField('request.invalid', '/externalId', 'Is in this batch twice');
          seen.add(id);
          return this.keep(em, id, known.get(id), value);
        } catch (error) {
          if (error instanceof Problem) return refusedRow(value.externalId, error);
          throw error;
        }
      });
      const changed = await this.write(
        em,
        kept.filter((row) => 'listing' in row),
      );
      return { results: kept.map((row) => ('listing' in row ? toResult(row, changed) : row)) };
    });
  }

  private keep(em: EntityManager, id: string, known: Listing | undefined, row: ImportedListing): Kept {
    const { content, pricing, stayRules } = row;
    const now = this.clock.now();
    const listing = known ?? new Listing();
    if (known) {
      refuseChange(known, row);
    } else {
      Object.assign(listing, { id, hostId: row.hostId, imported: true, createdAt: now, updatedAt: now });
    }
    const missingBefore = new Set(missingToPublish(listing));
    this.rules.fill(listing, content);
    assign(listing, { pricing, stayRules });
    const missing = missingToPublish(listing);
    const [lost] = missing.filter((pointer) => !missingBefore.has(pointer));
    if (listing.publishedAt !== null && lost !== undefined) {
      // What was filled in above must not be written.
      em.getUnitOfWork().unsetIdentity(listing);
      throw wrongField('listing.incomplete', inRow(lost), 'A published listing keeps what publishing needs');
    }
    const next = listing.status === 'draft' && missing.length === 0 ? transition(listing, 'publish') : null;
    if (next) {
      listing.status = next.status;
      listing.publishedAt ??= now;
    }
    if (!known) em.persist(listing);
    return { externalId: row.externalId, listing, isNew: !known, published: next !== null };
  }

  /** Row, search row and event of each listing that is new or no longer the same. */
  private async write(em: EntityManager, rows: readonly Kept[]): Promise<ReadonlySet<Listing>> {
    em.getUnitOfWork().computeChangeSets();
    const entities = new Set(
      em
        .getUnitOfWork()
        .getChangeSets()
        .map(({ entity }) => entity),
    );
    const changed = rows.filter(({ listing }) => entities.has(listing));
    const now = this.clock.now();
    for (const { listing } of changed) listing.updatedAt = now;
    await em.flush().catch(retryWhenTwin);
    const events = Map.groupBy(changed, ({ isNew, published }): ListingEvent => {
      if (published) return 'listing.published';
      return isNew ? 'listing.created' : 'listing.changed';
    });
    await indexListings(
      em,
      changed.map(({ listing }) => listing),
    );
    for (const [type, announced] of events) {
      await this.outbox.addAll(
        em,
        type,
        announced.map(({ listing }) => ({
          body: toListingEvent(listing, this.config.PUBLIC_URL),
          version: listing.version,
        })),
      );
    }
    return new Set(changed.map(({ listing }) => listing));
  }
}

/** Another batch with the same listing came first by a moment: on the second try it is known. */
function retryWhenTwin(error: unknown): never {
  if (error instanceof UniqueConstraintViolationException) throw new RetryTransaction(error.message);
  throw error;
}

/** Before anything is filled in. */
function refuseChange(listing: Listing, { hostId, content }: ImportedListing): void {
  if (listing.hostId !== hostId) {
    throw wrongField('listing.forbidden', '/hostId', 'The listing belongs to another host');
  }
  if (!isEditable(listing.status)) throw new Problem('listing.archived');
  const { currency = listing.currency } = content;
  if (listing.publishedAt !== null && currency !== listing.currency) {
    throw wrongField('listing.currency_fixed', '/content/currency', 'Is fixed since the first publication');
  }
}

const inRow = (pointer: string): string => (pointer.startsWith('/pricing') ? pointer : `/content${pointer}`);

function toResult({ externalId, listing, isNew }: Kept, changed: ReadonlySet<Listing>): ImportResult {
  const outcome = isNew ? 'created' : changed.has(listing) ? 'updated' : 'unchanged';
  const result = importedRow(externalId, listing.id, outcome);
  const [missing] = listing.status === 'draft' ? missingToPublish(listing) : [];
  if (missing === undefined) return result;
  const detail = 'It stays a draft: publishing needs this';
  return { ...result, code: 'listing.incomplete', pointer: inRow(missing), detail };
}
