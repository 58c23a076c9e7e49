import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { CONFIG, uuidv7 } from '@roost/platform';
import { UserAccountService } from '../account/user-account.service.js';
import { type Role, User } from '../account/user.entity.js';
import type { IdentityConfig } from '../config.js';
import { PasswordHashService } from '../credential/password-hash.service.js';
import { SessionService } from '../session/session.service.js';
import type { CreateDevUser, DevUser } from './dev.dto.js';

const DEV_PASSWORD = 'roost-dev-password';
const DEMO_PASSWORD = 'roost-demo-password';

export const DEMO_ACCOUNTS: readonly { email: string; displayName: string; roles: Role[] }[] = [
  { email: 'admin@demo.roost.example', displayName: 'Demo Admin', roles: ['admin'] },
  ...[1, 2, 3].map((n) => ({
    email: `host${n}@demo.roost.example`,
    displayName: `Demo Host ${n}`,
    roles: ['host' as const],
  })),
  ...[1, 2, 3].map((n) => ({
    email: `guest${n}@demo.roost.example`,
    displayName: `Demo Guest ${n}`,
    roles: [],
  })),
];

/** Creates accounts for development and for the demo. Not available in production. */
@Injectable()
export class DevUserService implements OnApplicationBootstrap {
  /** Hashed once: a test can create hundreds of users. */
  #devPasswordHash: Promise<string> | null = null;

  constructor(
    private readonly transactions: Transactions,
    private readonly users: UserAccountService,
    private readonly sessions: SessionService,
    private readonly hashes: PasswordHashService,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.ROOST_DEMO !== 'off') await this.ensureDemoAccounts();
  }

  /** Creates a user with a session that counts as one with a second factor. */
  async create(input: CreateDevUser): Promise<DevUser> {
    this.#devPasswordHash ??= this.hashes.hash(DEV_PASSWORD);
    const passwordHash = await this.#devPasswordHash;
    const name = uuidv7().slice(-12);
    const email = `dev-${name}@dev.roost.example`;
    const user = await this.transactions.run((em) =>
      this.users.create(em, { email, displayName: `Dev ${name}`, passwordHash, mfaExempt: true, ...input }),
    );
    if (!user) throw new Error('A random mail address is taken');
    const { accessToken, refreshToken } = await this.sessions.open(user, {
      method: 'password',
      mfaPassed: true,
    });
    return { id: user.id, email, password: DEV_PASSWORD, accessToken, refreshToken };
  }

  /** Creates the missing demo accounts. */
  async ensureDemoAccounts(): Promise<void> {
    if (this.config.ROOST_ENV === 'production')
      throw new Error('Demo accounts are not available in production');
    const missing = await this.transactions.run(async (em) => {
      const existing = await em.find(User, { email: { $in: DEMO_ACCOUNTS.map(({ email }) => email) } });
      const emails = new Set(existing.map(({ email }) => email));
      return DEMO_ACCOUNTS.filter(({ email }) => !emails.has(email));
    });
    if (missing.length === 0) return;
    const passwordHash = await this.hashes.hash(DEMO_PASSWORD);
    await this.transactions.run(async (em) => {
      for (const account of missing)
        await this.users.create(em, { ...account, passwordHash, emailVerified: true, mfaExempt: true });
    });
  }
}
