import { Module } from '@nestjs/common';
import { ListingSnapshotModule } from '../listing-snapshot/listing-snapshot.module.js';
import { QuoteController } from './quote.controller.js';
import { QuoteJobs } from './quote.jobs.js';
import { QuoteResolver } from './quote.resolver.js';
import { QuoteService } from './quote.service.js';
import { StayPricing } from './stay-pricing.service.js';

@Module({
  imports: [ListingSnapshotModule],
  controllers: [QuoteController],
  providers: [QuoteService, QuoteResolver, QuoteJobs, StayPricing],
  exports: [StayPricing],
})
export class QuoteModule {}
