import { Module } from '@nestjs/common';
import { MailModule } from '../mail/mail.module.js';
import { SessionModule } from '../session/session.module.js';
import { UserModule } from '../user/user.module.js';
import { EmailChangeController } from './email-change.controller.js';
import { EmailChanges } from './email-change.service.js';

@Module({
  imports: [MailModule, SessionModule, UserModule],
  controllers: [EmailChangeController],
  providers: [EmailChanges],
})
export class EmailChangeModule {}
