import { Module } from '@nestjs/common';
import { ListingSnapshotModule } from '../listing-snapshot/listing-snapshot.module.js';
import { QuoteController } from './quote.controller.js';
import { QuoteJobs } from './quote.jobs.js';
import { QuoteResolver } from './quote.resolver.js';
import { QuoteService } from './quote.service.js';
import { StayPriceController } from './stay-price.controller.js';
import { StayPriceService } from './stay-price.service.js';
import { StayPricing } from './stay-pricing.service.js';

@Module({
  imports: [ListingSnapshotModule],
  controllers: [QuoteController, StayPriceController],
  providers: [QuoteService, QuoteResolver, QuoteJobs, StayPricing, StayPriceService],
  exports: [StayPricing],
})
export class QuoteModule {}
