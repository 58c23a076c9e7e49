import { Module } from '@nestjs/common';
import { SessionModule } from '../session/session.module.js';
import { UserModule } from '../user/user.module.js';
import { AvatarController } from './avatar.controller.js';
import { AvatarResolver } from './avatar.resolver.js';
import { AvatarService } from './avatar.service.js';

@Module({
  imports: [SessionModule, UserModule],
  controllers: [AvatarController],
  providers: [AvatarService, AvatarResolver],
})
export class AvatarModule {}
