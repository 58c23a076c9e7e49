import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { PasswordHash } from '../credential/password-hash.js';
import { SecondFactors } from '../credential/second-factors.js';
import { otpauthUrl } from '../credential/totp.js';
import { requireGoodPassword } from '../password/password.dto.js';
import type { Register } from '../registration/registration.dto.js';
import { UserStore } from './user.store.js';

/** What an administrator needs to log in, in clear for the only time. */
export interface NewAdministrator {
  id: string;
  email: string;
  secret: string;
  otpauthUrl: string;
  recoveryCodes: string[];
}

/** Administrators are made by who runs Roost (`roost admin create`), never by a route. */
@Injectable()
export class Administrators {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UserStore,
    private readonly hash: PasswordHash,
    private readonly factors: SecondFactors,
  ) {}

  /**
   * Null when the address has an account. The second factor is on from the start: between its making and its first
   * log-in a password alone must not be enough to enrol one.
   */
  async create(input: Register): Promise<NewAdministrator | null> {
    requireGoodPassword(input.password, input, '/password');
    const { email, displayName } = input;
    const passwordHash = await this.hash.of(input.password);
    return this.transactions.run(async (em) => {
      const user = await this.users.create(em, {
        email,
        displayName,
        passwordHash,
        roles: ['admin'],
        emailVerified: true,
      });
      if (!user) return null;
      const secret = await this.factors.begin(em, user);
      user.mfaEnabled = true;
      await em.flush();
      const recoveryCodes = await this.factors.complete(em, user);
      return { id: user.id, email, secret, otpauthUrl: otpauthUrl(secret, email), recoveryCodes };
    });
  }
}
