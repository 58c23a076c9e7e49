import { Module } from '@nestjs/common';
import { AccountModule } from '../account/account.module.js';
import { CredentialModule } from '../credential/credential.module.js';
import { MailModule } from '../mail/mail.module.js';
import { SessionModule } from '../session/session.module.js';
import { AdministratorService } from './administrator.service.js';
import { RegistrationController } from './registration.controller.js';
import { RegistrationService } from './registration.service.js';

@Module({
  imports: [AccountModule, CredentialModule, MailModule, SessionModule],
  controllers: [RegistrationController],
  providers: [RegistrationService, AdministratorService],
})
export class RegistrationModule {}
