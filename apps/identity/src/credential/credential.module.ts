import { Module } from '@nestjs/common';
import { LoginAttemptService } from './login-attempt.service.js';
import { PasswordCheckService } from './password-check.service.js';
import { PasswordHashService } from './password-hash.service.js';
import { SecondFactorService } from './second-factor.service.js';

@Module({
  providers: [PasswordHashService, PasswordCheckService, SecondFactorService, LoginAttemptService],
  exports: [PasswordHashService, PasswordCheckService, SecondFactorService],
})
export class CredentialModule {}
