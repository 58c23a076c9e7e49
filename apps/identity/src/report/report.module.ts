import { Module } from '@nestjs/common';
import { SessionModule } from '../session/session.module.js';
import { ReportConsumer } from './report.consumer.js';
import { ReportController } from './report.controller.js';
import { ReportJobs } from './report.jobs.js';
import { ReportResolver } from './report.resolver.js';
import { ReportService } from './report.service.js';
import { ReportedSubjectClient } from './reported-subject.client.js';

@Module({
  imports: [SessionModule],
  controllers: [ReportController, ReportConsumer],
  providers: [ReportService, ReportedSubjectClient, ReportResolver, ReportJobs],
})
export class ReportModule {}
