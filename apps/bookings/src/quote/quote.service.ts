import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { requireActiveAccount } from '@roost/accounts';
import { Idempotency, type AuthUser } from '@roost/http';
import { CONFIG, Clock, Metrics, Problem, uuidv7, type Config } from '@roost/platform';
import { addMinutes } from '@roost/stay';
import type { Counter } from 'prom-client';
import { isFree } from '../calendar/calendar.queries.js';
import type { BookingsConfig } from '../config.js';
import { ListingSnapshotService } from '../listing-snapshot/listing-snapshot.service.js';
import { toQuoteDto, type CreateQuote, type Quote as QuoteDto } from './quote.dto.js';
import { Quote } from './quote.entity.js';
import { StayPricing } from './stay-pricing.service.js';

@Injectable()
export class QuoteService {
  readonly #quotes: Counter<'outcome'>;

  constructor(
    private readonly em: EntityManager,
    private readonly idempotency: Idempotency,
    private readonly listings: ListingSnapshotService,
    private readonly pricing: StayPricing,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config<typeof BookingsConfig>,
    metrics: Metrics,
  ) {
    this.#quotes = metrics.counter(
      'roost_quotes_total',
      'Requested quotes, by outcome: created, rejected (the stay is not possible) or failed',
      ['outcome'],
    );
  }

  async create(guest: AuthUser, request: CreateQuote): Promise<QuoteDto> {
    try {
      const quote = await this.#create(guest, request);
      this.#quotes.inc({ outcome: 'created' });
      return quote;
    } catch (error) {
      this.#quotes.inc({ outcome: error instanceof Problem ? 'rejected' : 'failed' });
      throw error;
    }
  }

  async #create(guest: AuthUser, request: CreateQuote): Promise<QuoteDto> {
    const listing = await this.listings.awaitBookable(request.listingId);
    const terms = { ...this.pricing.quoted(listing, request, this.clock.now()), guestId: guest.id };
    return await this.idempotency.runOnce(async (em) => {
      await requireActiveAccount(em, guest.id);
      const now = this.clock.now();
      if (!(await isFree(em, terms, now))) throw new Problem('booking.dates_unavailable');
      const quote = em.create(Quote, {
        id: uuidv7(),
        expiresAt: addMinutes(now, this.config.QUOTE_TTL_MINUTES),
        terms,
      });
      await em.persist(quote).flush();
      return toQuoteDto(quote);
    });
  }

  async read(viewer: AuthUser, id: string): Promise<QuoteDto> {
    const quote = await this.em.fork().findOne(Quote, { id, terms: { guestId: viewer.id } });
    if (!quote) throw new Problem('quote.not_found');
    return toQuoteDto(quote);
  }
}
