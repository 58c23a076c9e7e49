import { Module } from '@nestjs/common';
import { ListingSnapshotModule } from '../listing-snapshot/listing-snapshot.module.js';
import { CalendarExportController } from './calendar-export.controller.js';
import { CalendarExportService } from './calendar-export.service.js';
import { CalendarImportController } from './calendar-import.controller.js';
import { CalendarImportService } from './calendar-import.service.js';
import { CalendarPublisher } from './calendar-publisher.service.js';
import { CalendarController } from './calendar.controller.js';
import { CalendarResolver } from './calendar.resolver.js';
import { CalendarService } from './calendar.service.js';
import { LinkService } from './link.service.js';
import { ListingConsumer } from './listing.consumer.js';
import { OwnCalendarsController } from './own-calendars.controller.js';

/** Depends on the port `StaleHolds`, which `BookingModule` binds. */
@Module({
  imports: [ListingSnapshotModule],
  controllers: [
    CalendarController,
    CalendarExportController,
    CalendarImportController,
    ListingConsumer,
    OwnCalendarsController,
  ],
  providers: [
    CalendarExportService,
    CalendarImportService,
    CalendarPublisher,
    CalendarResolver,
    CalendarService,
    LinkService,
  ],
  exports: [CalendarPublisher],
})
export class CalendarModule {}
