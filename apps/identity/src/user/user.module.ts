import { Module } from '@nestjs/common';
import { SessionModule } from '../session/session.module.js';
import { UserController } from './user.controller.js';
import { UserResolver } from './user.resolver.js';
import { Users } from './user.service.js';
import { UserStore } from './user.store.js';

@Module({
  imports: [SessionModule],
  controllers: [UserController],
  providers: [Users, UserStore, UserResolver],
  exports: [UserStore],
})
export class UserModule {}
