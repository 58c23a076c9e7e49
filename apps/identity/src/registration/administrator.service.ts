import { Injectable } from '@nestjs/common';
import { AuditLog } from '@roost/audit';
import { Transactions } from '@roost/messaging';
import { UserAccountService } from '../account/user-account.service.js';
import { requireAllowedPassword } from '../credential/credential.dto.js';
import { PasswordHashService } from '../credential/password-hash.service.js';
import { SecondFactorService } from '../credential/second-factor.service.js';
import { otpauthUrl } from '../credential/totp.js';
import type { Register } from './registration.dto.js';

/** The credentials of a new administrator, in clear. Only hashes and an encrypted secret are stored. */
export interface NewAdministrator {
  id: string;
  email: string;
  secret: string;
  otpauthUrl: string;
  recoveryCodes: string[];
}

/** Creates administrators for the operator of Roost (`roost admin create`). No route creates them. */
@Injectable()
export class AdministratorService {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UserAccountService,
    private readonly hashes: PasswordHashService,
    private readonly factors: SecondFactorService,
    private readonly auditLog: AuditLog,
  ) {}

  /**
   * Returns null if the mail address has an account. The second factor is active from the start: otherwise the password
   * alone would be enough to enrol one before the first log-in.
   */
  async create(input: Register): Promise<NewAdministrator | null> {
    requireAllowedPassword(input.password, input, '/password');
    const { email, displayName } = input;
    const passwordHash = await this.hashes.hash(input.password);
    return this.transactions.run(async (em) => {
      const user = await this.users.create(em, {
        email,
        displayName,
        passwordHash,
        roles: ['admin'],
        emailVerified: true,
        actor: 'administrator',
      });
      if (!user) return null;
      const secret = await this.factors.enrol(em, user);
      user.mfaEnabled = true;
      await em.flush();
      await this.auditLog.record(em, {
        ...{ actor: 'command line', action: 'administrator.create' },
        subject: { type: 'user', id: user.id },
      });
      const recoveryCodes = await this.factors.activate(em, user);
      return { id: user.id, email, secret, otpauthUrl: otpauthUrl(secret, email), recoveryCodes };
    });
  }
}
