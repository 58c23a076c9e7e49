import { Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { CONFIG, SystemClock } from '@roost/platform';
import type { IdentityConfig } from '../config.js';
import { ACCESS_TOKEN_TTL_SECONDS } from '../signing-key/domain/key-schedule.js';
import { SigningKeyService } from '../signing-key/signing-key.service.js';
import type { Role, User } from '../account/user.entity.js';
import type { Session } from './session.entity.js';

const seconds = (instant: Date) => Math.floor(instant.getTime() / 1000);

@Injectable()
export class AccessTokenService {
  readonly ttlSeconds = ACCESS_TOKEN_TTL_SECONDS;

  constructor(
    private readonly signingKeys: SigningKeyService,
    private readonly jwt: JwtService,
    private readonly clock: SystemClock,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  async sign(user: User, session: Session): Promise<string> {
    const { kid, privateKey } = await this.signingKeys.current();
    const now = seconds(this.clock.now());
    const claims = {
      iss: this.config.JWT_ISSUER,
      sub: user.id,
      sid: session.id,
      roles: rolesIn(user, session),
      email_verified: user.emailVerifiedAt !== null,
      auth_time: seconds(session.authTime),
      iat: now,
      exp: now + this.ttlSeconds,
    };
    return this.jwt.signAsync(claims, { algorithm: 'RS256', keyid: kid, privateKey });
  }
}

/** The role `admin` applies only in a session that has passed the second factor. */
function rolesIn(user: User, session: Session): Role[] {
  return user.roles.filter((role) => role !== 'admin' || session.mfaPassed);
}
