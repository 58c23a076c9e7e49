import { Module } from '@nestjs/common';
import { PasswordCheck } from './password-check.service.js';
import { PasswordHash } from './password-hash.js';

@Module({ providers: [PasswordHash, PasswordCheck], exports: [PasswordHash, PasswordCheck] })
export class CredentialModule {}
