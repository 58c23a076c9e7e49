import { Module } from '@nestjs/common';
import { CredentialModule } from '../credential/credential.module.js';
import { MailModule } from '../mail/mail.module.js';
import { SessionModule } from '../session/session.module.js';
import { MfaController } from './mfa.controller.js';
import { MfaService } from './mfa.service.js';

@Module({
  imports: [CredentialModule, MailModule, SessionModule],
  controllers: [MfaController],
  providers: [MfaService],
})
export class MfaModule {}
