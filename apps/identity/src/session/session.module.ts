import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { CredentialModule } from '../credential/credential.module.js';
import { StreamSignalModule } from '../stream-signal/stream-signal.module.js';
import { SigningKeyModule } from '../signing-key/signing-key.module.js';
import { AccessTokenService } from './access-token.service.js';
import { RefreshLimiter } from './refresh-limiter.js';
import { SessionController } from './session.controller.js';
import { SessionJobs } from './session.jobs.js';
import { SessionEndPublisher } from './session-end.publisher.js';
import { SessionService } from './session.service.js';
import { StepUpService } from './step-up.service.js';

@Module({
  imports: [CredentialModule, SigningKeyModule, StreamSignalModule, JwtModule.register({})],
  controllers: [SessionController],
  providers: [
    SessionService,
    SessionEndPublisher,
    StepUpService,
    AccessTokenService,
    RefreshLimiter,
    SessionJobs,
  ],
  exports: [SessionService],
})
export class SessionModule {}
