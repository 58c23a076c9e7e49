import { Module } from '@nestjs/common';
import { CredentialModule } from '../credential/credential.module.js';
import { SessionModule } from '../session/session.module.js';
import { Administrators } from './administrators.service.js';
import { UserImportController } from './user-import.controller.js';
import { UserImport } from './user-import.service.js';
import { UserController } from './user.controller.js';
import { UserResolver } from './user.resolver.js';
import { Users } from './user.service.js';
import { UserStore } from './user.store.js';

@Module({
  imports: [CredentialModule, SessionModule],
  controllers: [UserController, UserImportController],
  providers: [Administrators, Users, UserStore, UserResolver, UserImport],
  exports: [UserStore],
})
export class UserModule {}
