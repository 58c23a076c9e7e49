import { Module } from '@nestjs/common';
import { MailModule } from '../mail/mail.module.js';
import { SessionModule } from '../session/session.module.js';
import { MailAdminController } from './mail-admin.controller.js';
import { MailAdminService } from './mail-admin.service.js';

@Module({
  imports: [MailModule, SessionModule],
  controllers: [MailAdminController],
  providers: [MailAdminService],
})
export class MailAdminModule {}
