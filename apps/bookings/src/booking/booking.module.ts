import { Global, Module } from '@nestjs/common';
import { CalendarModule } from '../calendar/calendar.module.js';
import { StaleHolds } from '../calendar/stale-holds.port.js';
import { ListingSnapshotModule } from '../listing-snapshot/listing-snapshot.module.js';
import { MessageModule } from '../message/message.module.js';
import { QuoteModule } from '../quote/quote.module.js';
import { BookingHistory } from './booking-history.service.js';
import { BookingHoldService } from './booking-hold.service.js';
import { BookingLifecycle } from './booking-lifecycle.service.js';
import { BookingNights } from './booking-nights.service.js';
import { BookingReader } from './booking-reader.service.js';
import { BookingSweeper } from './booking-sweeper.jobs.js';
import { BookingConsumer } from './booking.consumer.js';
import { BookingController } from './booking.controller.js';
import { BookingResolver, UserBookingsResolver } from './booking.resolver.js';
import { BookingService } from './booking.service.js';
import { CancellationService } from './cancellation.service.js';
import { ChangeDraftService } from './change/change-draft.service.js';
import { ChangeLifecycle } from './change/change-lifecycle.service.js';
import { ChangeConsumer } from './change/change.consumer.js';
import { ChangeController } from './change/change.controller.js';
import { ChangeResolver } from './change/change.resolver.js';
import { ChangeService } from './change/change.service.js';
import { BookingThreadResolver, ThreadBookingResolver } from './thread.resolver.js';

/**
 * A change is a part of its booking: both change in one transaction, so they are one module. It is global for its only
 * export: it binds the port `StaleHolds`, on which the calendar and the feeds depend.
 */
@Global()
@Module({
  imports: [CalendarModule, ListingSnapshotModule, MessageModule, QuoteModule],
  controllers: [BookingController, BookingConsumer, ChangeController, ChangeConsumer],
  providers: [
    BookingService,
    BookingHoldService,
    CancellationService,
    BookingReader,
    BookingLifecycle,
    BookingHistory,
    BookingNights,
    BookingSweeper,
    { provide: StaleHolds, useExisting: BookingSweeper },
    BookingResolver,
    UserBookingsResolver,
    BookingThreadResolver,
    ThreadBookingResolver,
    ChangeService,
    ChangeDraftService,
    ChangeLifecycle,
    ChangeResolver,
  ],
  exports: [StaleHolds],
})
export class BookingModule {}
