import { Module } from '@nestjs/common';
import { CredentialModule } from '../credential/credential.module.js';
import { MailModule } from '../mail/mail.module.js';
import { SessionModule } from '../session/session.module.js';
import { PasskeyController } from './passkey.controller.js';
import { PasskeyService } from './passkey.service.js';

@Module({
  imports: [CredentialModule, MailModule, SessionModule],
  controllers: [PasskeyController],
  providers: [PasskeyService],
})
export class PasskeyModule {}
