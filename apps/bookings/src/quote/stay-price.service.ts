import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Clock, Problem } from '@roost/platform';
import { isFree } from '../calendar/calendar.queries.js';
import { ListingSnapshotService } from '../listing-snapshot/listing-snapshot.service.js';
import { type PriceStay, type StayPrice, toStayPriceDto } from './quote.dto.js';
import { StayPricing } from './stay-pricing.service.js';

/** The price of a stay for any viewer. It equals a quote at the same instant, and stores nothing. */
@Injectable()
export class StayPriceService {
  constructor(
    private readonly em: EntityManager,
    private readonly listings: ListingSnapshotService,
    private readonly pricing: StayPricing,
    private readonly clock: Clock,
  ) {}

  /** Throws the problems of a quote: the listing, the stay rules, the total and the nights. */
  async price(listingId: string, request: PriceStay): Promise<StayPrice> {
    const listing = await this.listings.findBookable(listingId);
    const now = this.clock.now();
    const terms = this.pricing.quoted(listing, request, now);
    if (!(await isFree(this.em.fork(), terms, now))) throw new Problem('booking.dates_unavailable');
    return toStayPriceDto(terms);
  }
}
