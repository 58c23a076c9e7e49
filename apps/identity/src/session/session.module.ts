import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { CredentialModule } from '../credential/credential.module.js';
import { SigningKeyModule } from '../signing-key/signing-key.module.js';
import { AccessTokens } from './access-token.js';
import { SessionController } from './session.controller.js';
import { SessionJobs } from './session.jobs.js';
import { Sessions } from './session.service.js';

@Module({
  imports: [CredentialModule, SigningKeyModule, JwtModule.register({})],
  controllers: [SessionController],
  providers: [Sessions, AccessTokens, SessionJobs],
  exports: [Sessions],
})
export class SessionModule {}
