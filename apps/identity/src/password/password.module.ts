import { Module } from '@nestjs/common';
import { AccountModule } from '../account/account.module.js';
import { CredentialModule } from '../credential/credential.module.js';
import { MailModule } from '../mail/mail.module.js';
import { SessionModule } from '../session/session.module.js';
import { UserModule } from '../user/user.module.js';
import { PasswordController } from './password.controller.js';
import { PasswordResolver } from './password.resolver.js';
import { PasswordService } from './password.service.js';

@Module({
  imports: [AccountModule, CredentialModule, MailModule, SessionModule, UserModule],
  controllers: [PasswordController],
  providers: [PasswordService, PasswordResolver],
})
export class PasswordModule {}
