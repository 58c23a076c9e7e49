import { Module } from '@nestjs/common';
import { AccountModule } from '../account/account.module.js';
import { MailModule } from '../mail/mail.module.js';
import { SessionModule } from '../session/session.module.js';
import { UserModule } from '../user/user.module.js';
import { EmailChangeController } from './email-change.controller.js';
import { EmailChangeResolver } from './email-change.resolver.js';
import { EmailChangeService } from './email-change.service.js';

@Module({
  imports: [AccountModule, MailModule, SessionModule, UserModule],
  controllers: [EmailChangeController],
  providers: [EmailChangeService, EmailChangeResolver],
})
export class EmailChangeModule {}
