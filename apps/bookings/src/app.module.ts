import { Module } from '@nestjs/common';
import { AccountModule } from './account/account.module.js';
import { BookingModule } from './booking/booking.module.js';
import { CalendarModule } from './calendar/calendar.module.js';
import { FeedModule } from './feed/feed.module.js';
import { ListingSnapshotModule } from './listing-snapshot/listing-snapshot.module.js';
import { MessageGraphModule } from './message/message-graph.module.js';
import { MessageModule } from './message/message.module.js';
import { QuoteModule } from './quote/quote.module.js';

@Module({
  imports: [
    ListingSnapshotModule,
    CalendarModule,
    FeedModule,
    QuoteModule,
    BookingModule,
    MessageModule,
    MessageGraphModule,
    AccountModule,
  ],
})
export class AppModule {}
