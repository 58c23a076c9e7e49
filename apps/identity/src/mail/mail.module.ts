import { Module } from '@nestjs/common';
import { MailDelivery } from './mail.delivery.js';
import { MailJobs } from './mail.jobs.js';
import { Mails } from './mail.service.js';

@Module({ providers: [Mails, MailDelivery, MailJobs], exports: [Mails] })
export class MailModule {}
