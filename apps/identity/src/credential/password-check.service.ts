import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Problem } from '@roost/platform';
import { User } from '../account/user.entity.js';
import { KeyedQueue } from './keyed-queue.js';
import { locked, LoginAttemptService } from './login-attempt.service.js';
import { PasswordHashService } from './password-hash.service.js';

const MAX_PENDING_PER_ADDRESS = 100;

/**
 * The only place that verifies a password. Attempts for one mail address run one at a time: simultaneous log-ins of one
 * user do not count as guesses. The count in the database is shared by all replicas.
 */
@Injectable()
export class PasswordCheckService {
  readonly #queue = new KeyedQueue(MAX_PENDING_PER_ADDRESS);

  constructor(
    private readonly transactions: Transactions,
    private readonly passwords: PasswordHashService,
    private readonly attempts: LoginAttemptService,
  ) {}

  /**
   * Returns the user with this mail address and password. An address without an account takes the same time and is
   * locked by the same rule. Throws 401 `auth.invalid_credentials` or 429 `auth.locked`.
   */
  async verify(email: string, password: string): Promise<User> {
    const user = await this.check(email, password);
    if (!user) throw new Problem('auth.invalid_credentials');
    return user;
  }

  /**
   * Returns the signed-in user, reloaded, if this is their password. Throws 403 `auth.wrong_password` or 429
   * `auth.locked`. Not 401: a client answers that with a refresh or a new log-in, although its token is valid.
   */
  async confirm({ id, email }: User, password: string): Promise<User> {
    const user = await this.check(email, password);
    if (user?.id !== id) throw new Problem('auth.wrong_password');
    return user;
  }

  private check(email: string, password: string): Promise<User | null> {
    return this.#queue.run(
      email,
      async () => {
        await this.attempts.admit(email);
        const user = await this.transactions.run((em) =>
          em.findOne(User, { email, status: { $ne: 'erased' } }),
        );
        const matches = await this.passwords.verify(user?.passwordHash ?? null, password);
        if (!user || !matches) return null;
        await this.attempts.reset(email);
        return user;
      },
      () => locked(1),
    );
  }

  /** Ends a lock-out of a mail address. */
  unlock(email: string): Promise<void> {
    return this.attempts.reset(email);
  }
}
