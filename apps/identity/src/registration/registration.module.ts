import { Module } from '@nestjs/common';
import { CredentialModule } from '../credential/credential.module.js';
import { MailModule } from '../mail/mail.module.js';
import { SessionModule } from '../session/session.module.js';
import { UserModule } from '../user/user.module.js';
import { RegistrationController } from './registration.controller.js';
import { Registration } from './registration.service.js';

@Module({
  imports: [CredentialModule, MailModule, SessionModule, UserModule],
  controllers: [RegistrationController],
  providers: [Registration],
})
export class RegistrationModule {}
