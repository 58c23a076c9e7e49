import { Module } from '@nestjs/common';
import { UserAccountService } from './user-account.service.js';

@Module({ providers: [UserAccountService], exports: [UserAccountService] })
export class AccountModule {}
