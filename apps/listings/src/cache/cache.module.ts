import { Global, Module } from '@nestjs/common';
import { StandingChange } from '@roost/accounts';
import { AccountInvalidation } from './account-invalidation.js';
import { PageCache } from './page-cache.js';
import { PageInvalidation } from './page-invalidation.js';

/** Global, because the mirror of the accounts also invalidates pages. */
@Global()
@Module({
  providers: [PageCache, PageInvalidation, { provide: StandingChange, useClass: AccountInvalidation }],
  exports: [PageCache, PageInvalidation, StandingChange],
})
export class CacheModule {}
