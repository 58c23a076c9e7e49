import { Module } from '@nestjs/common';
import { AccountConsumer } from './account/account.consumer.js';
import { BookingModule } from './booking/booking.module.js';
import { CalendarModule } from './calendar/calendar.module.js';
import { ListingSnapshotModule } from './listing-snapshot/listing-snapshot.module.js';
import { QuoteModule } from './quote/quote.module.js';

@Module({
  imports: [ListingSnapshotModule, CalendarModule, QuoteModule, BookingModule],
  controllers: [AccountConsumer],
})
export class AppModule {}
