import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Problem } from '@roost/platform';
import { ListingReaderService } from '../listing/listing-reader.service.js';
import type { ListingView } from '../listing/listing.dto.js';
import { findSearchPoint, findSimilar } from './similar.queries.js';

@Injectable()
export class SimilarService {
  constructor(
    private readonly em: EntityManager,
    private readonly reader: ListingReaderService,
  ) {}

  /** As an anonymous visitor sees them. Throws 404 `listing.not_found` for a listing that is not public. */
  async find(listingId: string, limit: number): Promise<ListingView[]> {
    const em = this.em.fork();
    const point = await findSearchPoint(em, listingId);
    const [listing] = point === null ? [] : await this.reader.findVisible([listingId], null);
    if (point === null || listing === undefined) throw new Problem('listing.not_found');
    const ids = await findSimilar(em, { listingId, point, limit });
    const found = await this.reader.findVisible(ids, null);
    const byId = new Map(found.map((one) => [one.id, one]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }
}
