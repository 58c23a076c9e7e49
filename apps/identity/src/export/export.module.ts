import { Module } from '@nestjs/common';
import { AccountExporter, ExportPartService, PersonalData } from '@roost/accounts';
import { MailModule } from '../mail/mail.module.js';
import { SessionModule } from '../session/session.module.js';
import { ExportGauges } from './export-gauges.js';
import { ExportProgressService } from './export-progress.service.js';
import { ExportConsumer } from './export.consumer.js';
import { ExportController } from './export.controller.js';
import { ExportResolver } from './export.resolver.js';
import { ExportService } from './export.service.js';
import { IdentityPersonalData } from './identity-personal-data.queries.js';

@Module({
  imports: [MailModule, SessionModule],
  controllers: [ExportController, ExportConsumer],
  providers: [
    AccountExporter,
    ExportGauges,
    ExportPartService,
    ExportProgressService,
    ExportResolver,
    ExportService,
    { provide: PersonalData, useClass: IdentityPersonalData },
  ],
})
export class ExportModule {}
