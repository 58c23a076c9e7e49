import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { StandingChange } from '@roost/accounts';
import { recountPlacesOfHost } from '../search-index/search-index.queries.js';
import { PageInvalidation } from './page-invalidation.js';

/** The listings of a suspended or erased host are not public: pages do not show them, and places do not count them. */
@Injectable()
export class AccountInvalidation extends StandingChange {
  constructor(private readonly pages: PageInvalidation) {
    super();
  }

  override async changed(em: EntityManager, userId: string): Promise<void> {
    await this.pages.invalidateHost(em, userId);
    await recountPlacesOfHost(em, userId);
  }
}
