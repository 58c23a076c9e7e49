import { Module } from '@nestjs/common';
import { Mails } from './mail.service.js';

@Module({ providers: [Mails], exports: [Mails] })
export class MailModule {}
