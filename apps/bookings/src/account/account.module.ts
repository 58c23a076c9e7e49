import { Module } from '@nestjs/common';
import {
  AccountEraser,
  AccountErasureConsumer,
  AccountExportConsumer,
  AccountExporter,
  Erasure,
  ExportPartController,
  ExportPartService,
  PersonalData,
} from '@roost/accounts';
import { FeedModule } from '../feed/feed.module.js';
import { BookingsErasure } from './bookings-erasure.js';
import { BookingsPersonalData } from './bookings-personal-data.queries.js';

@Module({
  imports: [FeedModule],
  controllers: [AccountErasureConsumer, AccountExportConsumer, ExportPartController],
  providers: [
    AccountEraser,
    AccountExporter,
    ExportPartService,
    { provide: Erasure, useClass: BookingsErasure },
    { provide: PersonalData, useClass: BookingsPersonalData },
  ],
})
export class AccountModule {}
