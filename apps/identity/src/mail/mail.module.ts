import { Module } from '@nestjs/common';
import { MailDeliveryService } from './mail-delivery.service.js';
import { MailGauges } from './mail-gauges.js';
import { MailJobs } from './mail.jobs.js';
import { MailService } from './mail.service.js';

@Module({ providers: [MailService, MailDeliveryService, MailGauges, MailJobs], exports: [MailService] })
export class MailModule {}
