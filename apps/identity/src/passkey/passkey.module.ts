import { Module } from '@nestjs/common';
import { CredentialModule } from '../credential/credential.module.js';
import { MailModule } from '../mail/mail.module.js';
import { SessionModule } from '../session/session.module.js';
import { UserModule } from '../user/user.module.js';
import { PasskeyController } from './passkey.controller.js';
import { PasskeyResolver } from './passkey.resolver.js';
import { PasskeyService } from './passkey.service.js';

@Module({
  imports: [CredentialModule, MailModule, SessionModule, UserModule],
  controllers: [PasskeyController],
  providers: [PasskeyService, PasskeyResolver],
})
export class PasskeyModule {}
