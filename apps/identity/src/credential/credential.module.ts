import { Module } from '@nestjs/common';
import { AttemptLog } from './attempts.js';
import { PasswordCheck } from './password-check.service.js';
import { PasswordHash } from './password-hash.js';
import { SecondFactors } from './second-factors.js';

@Module({
  providers: [PasswordHash, PasswordCheck, SecondFactors, AttemptLog],
  exports: [PasswordHash, PasswordCheck, SecondFactors, AttemptLog],
})
export class CredentialModule {}
