import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { CONFIG, uuidv7 } from '@roost/platform';
import type { IdentityConfig } from '../config.js';
import { PasswordHash } from '../credential/password-hash.js';
import { Sessions } from '../session/session.service.js';
import type { Role } from '../user/user.entity.js';
import { UserStore } from '../user/user.store.js';
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

/** Accounts to develop and to try Roost with; none of this works in production. */
@Injectable()
export class DevUsers implements OnApplicationBootstrap {
  /** Hashed once: a test that makes two hundred users should not wait for two hundred hashes. */
  #devPasswordHash: Promise<string> | null = null;

  constructor(
    private readonly transactions: Transactions,
    private readonly users: UserStore,
    private readonly sessions: Sessions,
    private readonly hash: PasswordHash,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.ROOST_DEMO !== 'off') await this.ensureDemoAccounts();
  }

  /** A new user who is logged in, as if with a second factor. */
  async create(input: CreateDevUser): Promise<DevUser> {
    this.#devPasswordHash ??= this.hash.of(DEV_PASSWORD);
    const passwordHash = await this.#devPasswordHash;
    const name = uuidv7().slice(-12);
    const email = `dev-${name}@dev.roost.example`;
    const user = await this.transactions.run((em) =>
      this.users.create(em, { email, displayName: `Dev ${name}`, passwordHash, mfaExempt: true, ...input }),
    );
    if (!user) throw new Error('A random mail address was taken');
    const { accessToken, refreshToken } = await this.sessions.open(user, { mfaPassed: true });
    return { id: user.id, email, password: DEV_PASSWORD, accessToken, refreshToken };
  }

  /** Creates those of the demo accounts that are missing. */
  async ensureDemoAccounts(): Promise<void> {
    if (this.config.ROOST_ENV === 'production') throw new Error('There are no demo accounts in production');
    const missing = await this.transactions.run(async (em) => {
      const rows = await em.execute<{ email: string }[]>(
        `SELECT email FROM user_account WHERE email LIKE '%@demo.roost.example'`,
      );
      const known = new Set(rows.map((row) => row.email));
      return DEMO_ACCOUNTS.filter((account) => !known.has(account.email));
    });
    if (missing.length === 0) return;
    const passwordHash = await this.hash.of(DEMO_PASSWORD);
    await this.transactions.run(async (em) => {
      for (const account of missing)
        await this.users.create(em, { ...account, passwordHash, emailVerified: true, mfaExempt: true });
    });
  }
}
