import { Module } from '@nestjs/common';
import { CredentialModule } from '../credential/credential.module.js';
import { MailModule } from '../mail/mail.module.js';
import { SessionModule } from '../session/session.module.js';
import { UserModule } from '../user/user.module.js';
import { PasswordController } from './password.controller.js';
import { Passwords } from './password.service.js';

@Module({
  imports: [CredentialModule, MailModule, SessionModule, UserModule],
  controllers: [PasswordController],
  providers: [Passwords],
})
export class PasswordModule {}
