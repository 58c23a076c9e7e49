import { Module } from '@nestjs/common';
import { AccountModule } from '../account/account.module.js';
import { SessionModule } from '../session/session.module.js';
import { SessionResolver } from './session.resolver.js';
import { UserImportController } from './user-import.controller.js';
import { UserImportService } from './user-import.service.js';
import { UserController } from './user.controller.js';
import { UserResolver } from './user.resolver.js';
import { UserService } from './user.service.js';
import { UserViewService } from './user-view.service.js';

@Module({
  imports: [AccountModule, SessionModule],
  controllers: [UserController, UserImportController],
  providers: [UserService, UserViewService, UserResolver, SessionResolver, UserImportService],
  exports: [UserViewService],
})
export class UserModule {}
