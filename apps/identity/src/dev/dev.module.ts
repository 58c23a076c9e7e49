import { Module } from '@nestjs/common';
import { AccountModule } from '../account/account.module.js';
import { CredentialModule } from '../credential/credential.module.js';
import { SessionModule } from '../session/session.module.js';
import { DevController } from './dev.controller.js';
import { DevUserService } from './dev-user.service.js';

@Module({
  imports: [AccountModule, CredentialModule, SessionModule],
  controllers: [DevController],
  providers: [DevUserService],
})
export class DevModule {}
