import { Module } from '@nestjs/common';
import { CredentialModule } from '../credential/credential.module.js';
import { SessionModule } from '../session/session.module.js';
import { UserModule } from '../user/user.module.js';
import { DevController } from './dev.controller.js';
import { DevUsers } from './dev-users.service.js';
import { InboxQueries } from './inbox.queries.js';

@Module({
  imports: [CredentialModule, SessionModule, UserModule],
  controllers: [DevController],
  providers: [DevUsers, InboxQueries],
})
export class DevModule {}
