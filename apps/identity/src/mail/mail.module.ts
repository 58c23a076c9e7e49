import { Module } from '@nestjs/common';
import { ClientLinks } from './client-links.js';
import { MailDeliveryService } from './mail-delivery.service.js';
import { MailGauges } from './mail-gauges.js';
import { MailJobs } from './mail.jobs.js';
import { MailService } from './mail.service.js';

@Module({
  providers: [MailService, MailDeliveryService, ClientLinks, MailGauges, MailJobs],
  exports: [MailService, MailDeliveryService, ClientLinks],
})
export class MailModule {}
