import { Module } from '@nestjs/common';
import { AccountModule } from '../account/account.module.js';
import { SessionModule } from '../session/session.module.js';
import { AccountLogController } from './account-log.controller.js';
import { AccountLogResolver } from './account-log.resolver.js';
import { SessionResolver } from './session.resolver.js';
import { UserImportController } from './user-import.controller.js';
import { UserImportService } from './user-import.service.js';
import { UserController } from './user.controller.js';
import { UserResolver } from './user.resolver.js';
import { UserService } from './user.service.js';
import { UserViewService } from './user-view.service.js';

@Module({
  imports: [AccountModule, SessionModule],
  controllers: [UserController, AccountLogController, UserImportController],
  providers: [
    UserService,
    UserViewService,
    UserResolver,
    SessionResolver,
    AccountLogResolver,
    UserImportService,
  ],
  exports: [UserViewService],
})
export class UserModule {}
