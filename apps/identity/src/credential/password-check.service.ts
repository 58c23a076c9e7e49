import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Problem } from '@roost/platform';
import { User } from '../user/user.entity.js';
import { AttemptLog, locked } from './attempts.js';
import { PasswordHash } from './password-hash.js';
import { Turns } from './turns.js';

const MAX_WAITING_PER_ADDRESS = 100;

/**
 * The one place where a password is tried. An address takes its turns one after the other, so that people who
 * log in on many devices at once are not taken for a guesser; the count in the database holds over replicas.
 */
@Injectable()
export class PasswordCheck {
  readonly #turns = new Turns(MAX_WAITING_PER_ADDRESS);

  constructor(
    private readonly transactions: Transactions,
    private readonly passwords: PasswordHash,
    private readonly attempts: AttemptLog,
  ) {}

  /** The user with this address and password. Unknown addresses take as long and lock out alike. */
  verify(email: string, password: string): Promise<User> {
    return this.#turns.take(
      email,
      async () => {
        await this.attempts.admit(email);
        const user = await this.transactions.run((em) =>
          em.findOne(User, { email, status: { $ne: 'erased' } }),
        );
        const right = await this.passwords.matches(user?.passwordHash ?? null, password);
        if (!user || !right) throw new Problem('auth.invalid_credentials');
        await this.attempts.forget(email);
        return user;
      },
      () => locked(1),
    );
  }
}
