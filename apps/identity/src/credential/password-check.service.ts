import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { hashToken, Problem, SystemClock } from '@roost/platform';
import { User } from '../user/user.entity.js';
import { admitTry, type Attempts, NO_ATTEMPTS } from './domain/lock-out.js';
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
    private readonly clock: SystemClock,
  ) {}

  /** The user with this address and password. Unknown addresses take as long and lock out alike. */
  verify(email: string, password: string): Promise<User> {
    return this.#turns.take(
      email,
      async () => {
        const user = await this.admit(email);
        const right = await this.passwords.matches(user?.passwordHash ?? null, password);
        if (!user || !right) throw new Problem('auth.invalid_credentials');
        await this.forget(email);
        return user;
      },
      () => locked(1),
    );
  }

  /** After a success or a reset, the next mistake is the first. */
  async forget(email: string): Promise<void> {
    await this.transactions.run(
      (em) => em.execute('DELETE FROM login_attempt WHERE subject = ?', [hashToken(email)]),
      { isolation: 'read committed' },
    );
  }

  private async admit(email: string): Promise<User | null> {
    const subject = hashToken(email);
    const [admission, user] = await this.transactions.run(
      async (em) => {
        await em.execute(
          'INSERT INTO login_attempt (subject, failures) VALUES (?, 0) ON CONFLICT DO NOTHING',
          [subject],
        );
        const [row] = await em.execute<AttemptRow[]>(
          'SELECT failures, locked_until, last_failed_at FROM login_attempt WHERE subject = ? FOR UPDATE',
          [subject],
        );
        const admitted = admitTry(row ? toAttempts(row) : NO_ATTEMPTS, this.clock.now());
        if (!admitted.locked) {
          const { failures, lockedUntil, lastFailedAt } = admitted.attempts;
          await em.execute(
            `INSERT INTO login_attempt (subject, failures, locked_until, last_failed_at) VALUES (?, ?, ?, ?)
              ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures,
                locked_until = excluded.locked_until, last_failed_at = excluded.last_failed_at`,
            [subject, failures, lockedUntil, lastFailedAt],
          );
        }
        return [admitted, await em.findOne(User, { email, status: { $ne: 'erased' } })] as const;
      },
      { isolation: 'read committed' },
    );
    if (admission.locked) throw locked(admission.retryAfterSeconds);
    return user;
  }
}

interface AttemptRow {
  failures: number;
  locked_until: Date | null;
  last_failed_at: Date | null;
}

const toAttempts = (row: AttemptRow): Attempts => ({
  failures: row.failures,
  lockedUntil: row.locked_until,
  lastFailedAt: row.last_failed_at,
});

function locked(retryAfterSeconds: number): Problem {
  return new Problem('auth.locked', undefined, {}, { 'retry-after': String(retryAfterSeconds) });
}
