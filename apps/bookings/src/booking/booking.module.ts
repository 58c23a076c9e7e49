import { Module } from '@nestjs/common';
import { AnnouncementModule } from '../calendar/announcement.module.js';
import { BookingConsumer } from './booking.consumer.js';
import { BookingController } from './booking.controller.js';
import { BookingJobs } from './booking.jobs.js';
import { BookingLifecycle } from './booking.lifecycle.js';
import { BookingNights } from './booking.nights.js';
import { BookingReader } from './booking.reader.js';
import { BookingResolver, UserBookingsResolver } from './booking.resolver.js';
import { BookingService } from './booking.service.js';
import { BookingSweeper } from './booking.sweeper.js';
import { CancellationService } from './cancellation.service.js';

@Module({
  imports: [AnnouncementModule],
  controllers: [BookingController, BookingConsumer],
  providers: [
    BookingService,
    CancellationService,
    BookingReader,
    BookingLifecycle,
    BookingNights,
    BookingSweeper,
    BookingJobs,
    BookingResolver,
    UserBookingsResolver,
  ],
  exports: [BookingSweeper],
})
export class BookingModule {}
