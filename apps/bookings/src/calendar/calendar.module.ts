import { Module } from '@nestjs/common';
import { BookingModule } from '../booking/booking.module.js';
import { ListingSnapshotModule } from '../listing-snapshot/listing-snapshot.module.js';
import { AnnouncementModule } from './announcement.module.js';
import { CalendarExportController } from './calendar-export.controller.js';
import { CalendarExportService } from './calendar-export.service.js';
import { CalendarImportController } from './calendar-import.controller.js';
import { CalendarImportService } from './calendar-import.service.js';
import { CalendarController } from './calendar.controller.js';
import { CalendarResolver } from './calendar.resolver.js';
import { CalendarService } from './calendar.service.js';
import { LinkService } from './link.service.js';

@Module({
  imports: [ListingSnapshotModule, AnnouncementModule, BookingModule],
  controllers: [CalendarController, CalendarExportController, CalendarImportController],
  providers: [CalendarExportService, CalendarImportService, CalendarService, LinkService, CalendarResolver],
})
export class CalendarModule {}
