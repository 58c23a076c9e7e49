import { Module } from '@nestjs/common';
import { KnownDeviceService } from './known-device.service.js';
import { LoginAttemptService } from './login-attempt.service.js';
import { PasskeyCheckService } from './passkey-check.service.js';
import { PasswordCheckService } from './password-check.service.js';
import { PasswordHashService } from './password-hash.service.js';
import { RelyingParty } from './relying-party.js';
import { SecondFactorService } from './second-factor.service.js';

@Module({
  providers: [
    PasswordHashService,
    PasswordCheckService,
    PasskeyCheckService,
    RelyingParty,
    SecondFactorService,
    LoginAttemptService,
    KnownDeviceService,
  ],
  exports: [
    PasswordHashService,
    PasswordCheckService,
    PasskeyCheckService,
    SecondFactorService,
    LoginAttemptService,
  ],
})
export class CredentialModule {}
