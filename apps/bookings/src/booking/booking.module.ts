import { Module } from '@nestjs/common';
import { AnnouncementModule } from '../calendar/announcement.module.js';
import { ChangeConsumer } from './change/change.consumer.js';
import { ChangeController } from './change/change.controller.js';
import { ChangeLifecycle } from './change/change-lifecycle.service.js';
import { ChangeResolver } from './change/change.resolver.js';
import { ChangeService } from './change/change.service.js';
import { ListingSnapshotModule } from '../listing-snapshot/listing-snapshot.module.js';
import { MessageModule } from '../message/message.module.js';
import { QuoteModule } from '../quote/quote.module.js';
import { BookingConsumer } from './booking.consumer.js';
import { BookingController } from './booking.controller.js';
import { BookingJobs } from './booking.jobs.js';
import { BookingLifecycle } from './booking-lifecycle.service.js';
import { BookingNights } from './booking-nights.service.js';
import { BookingReader } from './booking-reader.service.js';
import { BookingHistory } from './booking-history.service.js';
import { BookingResolver, UserBookingsResolver } from './booking.resolver.js';
import { BookingService } from './booking.service.js';
import { BookingSweeper } from './booking-sweeper.jobs.js';
import { CancellationService } from './cancellation.service.js';

/** A change is a part of its booking: they move in one transaction, so they are one module. */
@Module({
  imports: [AnnouncementModule, ListingSnapshotModule, MessageModule, QuoteModule],
  controllers: [BookingController, BookingConsumer, ChangeController, ChangeConsumer],
  providers: [
    BookingService,
    CancellationService,
    BookingReader,
    BookingLifecycle,
    BookingHistory,
    BookingNights,
    BookingSweeper,
    BookingJobs,
    BookingResolver,
    UserBookingsResolver,
    ChangeService,
    ChangeLifecycle,
    ChangeResolver,
  ],
  exports: [BookingSweeper, BookingReader],
})
export class BookingModule {}
