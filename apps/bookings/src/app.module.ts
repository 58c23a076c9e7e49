import { Module } from '@nestjs/common';
import { AccountStandingModule } from '@roost/accounts';
import { AuditModule } from '@roost/audit';
import { OperationsModule } from '@roost/service';
import { AccountModule } from './account/account.module.js';
import { BookingModule } from './booking/booking.module.js';
import { CalendarModule } from './calendar/calendar.module.js';
import { FeedModule } from './feed/feed.module.js';
import { HostFiguresModule } from './host-figures/host-figures.module.js';
import { MessageModule } from './message/message.module.js';
import { QuoteModule } from './quote/quote.module.js';
import { RetentionModule } from './retention/retention.module.js';

@Module({
  imports: [
    CalendarModule,
    BookingModule,
    MessageModule,
    QuoteModule,
    FeedModule,
    HostFiguresModule,
    RetentionModule,
    AccountModule,
    AccountStandingModule,
    AuditModule.withRoute('bookings'),
    OperationsModule.forService('bookings'),
  ],
})
export class AppModule {}
