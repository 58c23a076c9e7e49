import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { suspendedListings } from '../listing/listing.queries.js';
import { type RatingView, toRatingView } from './rating.dto.js';
import { Rating } from './rating.entity.js';
import { countExternalReviews, sumRatingsOfHosts } from './rating.queries.js';

/** Reads ratings. The results are in the order of the ids; suspended listings, and those of suspended hosts, count as unrated. */
@Injectable()
export class RatingReaderService {
  constructor(private readonly em: EntityManager) {}

  /** One rating per listing or guest. Null for a subject without ratings. */
  async ofSubjects(subjectIds: readonly string[]): Promise<(RatingView | null)[]> {
    const em = this.em.fork();
    const rows = await em.find(Rating, { subjectId: { $in: [...subjectIds] } });
    const suspended = new Set(await suspendedListings(em, subjectIds));
    const shown = rows.filter(({ subjectId }) => !suspended.has(subjectId));
    const bySubject = new Map(shown.map((rating) => [rating.subjectId, rating]));
    return subjectIds.map((id) => toRatingView(bySubject.get(id.toLowerCase()) ?? null));
  }

  /** One rating per host, over all of their listings. Null for a host without ratings. */
  async ofHosts(hostIds: readonly string[]): Promise<(RatingView | null)[]> {
    const byHost = await sumRatingsOfHosts(this.em.fork(), hostIds);
    return hostIds.map((id) => toRatingView(byHost.get(id.toLowerCase()) ?? null));
  }

  /** The number of external reviews of each listing, or of all listings of each host. */
  async externalCounts(by: 'listing' | 'host', ids: readonly string[]): Promise<number[]> {
    const counts = await countExternalReviews(this.em.fork(), by, ids);
    return ids.map((id) => counts.get(id.toLowerCase()) ?? 0);
  }
}
