import { Module } from '@nestjs/common';
import { AccountModule } from '../account/account.module.js';
import { CredentialModule } from '../credential/credential.module.js';
import { MailModule } from '../mail/mail.module.js';
import { SessionModule } from '../session/session.module.js';
import { PasswordController } from './password.controller.js';
import { PasswordService } from './password.service.js';

@Module({
  imports: [AccountModule, CredentialModule, MailModule, SessionModule],
  controllers: [PasswordController],
  providers: [PasswordService],
})
export class PasswordModule {}
