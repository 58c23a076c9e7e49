import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { StandingChange } from '@roost/accounts';
import { PageInvalidation } from './page-invalidation.js';

/** The listings of a suspended or erased host are not public. */
@Injectable()
export class AccountInvalidation extends StandingChange {
  constructor(private readonly pages: PageInvalidation) {
    super();
  }

  override changed(em: EntityManager, userId: string): Promise<void> {
    return this.pages.invalidateHost(em, userId);
  }
}
