import { Module } from '@nestjs/common';
import { AccountModule } from '../account/account.module.js';
import { MailModule } from '../mail/mail.module.js';
import { SessionModule } from '../session/session.module.js';
import { UserModule } from '../user/user.module.js';
import { OidcClientService } from './oidc-client.service.js';
import { OidcController } from './oidc.controller.js';
import { OidcResolver } from './oidc.resolver.js';
import { OidcService } from './oidc.service.js';

@Module({
  imports: [AccountModule, MailModule, SessionModule, UserModule],
  controllers: [OidcController],
  providers: [OidcService, OidcClientService, OidcResolver],
})
export class OidcModule {}
