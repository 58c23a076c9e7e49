import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { hashToken, Problem, SystemClock } from '@roost/platform';
import { admitTry, type Attempts, NO_ATTEMPTS } from './domain/lock-out.js';

/** Counts tries in the database, so that the count holds over replicas and restarts. */
@Injectable()
export class AttemptLog {
  constructor(
    private readonly transactions: Transactions,
    private readonly clock: SystemClock,
  ) {}

  /** Lets one try in, counted as a mistake until `forget` says otherwise; 429 while locked. */
  async admit(subject: string): Promise<void> {
    const key = hashToken(subject);
    const admission = await this.transactions.run(
      async (em) => {
        await em.execute(
          'INSERT INTO login_attempt (subject, failures) VALUES (?, 0) ON CONFLICT DO NOTHING',
          [key],
        );
        const [row] = await em.execute<Attempts[]>(
          `SELECT failures, locked_until AS "lockedUntil", last_failed_at AS "lastFailedAt"
            FROM login_attempt WHERE subject = ? FOR UPDATE`,
          [key],
        );
        const admitted = admitTry(row ?? NO_ATTEMPTS, this.clock.now());
        if (!admitted.locked) {
          const { failures, lockedUntil, lastFailedAt } = admitted.attempts;
          await em.execute(
            `INSERT INTO login_attempt (subject, failures, locked_until, last_failed_at) VALUES (?, ?, ?, ?)
              ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures,
                locked_until = excluded.locked_until, last_failed_at = excluded.last_failed_at`,
            [key, failures, lockedUntil, lastFailedAt],
          );
        }
        return admitted;
      },
      { isolation: 'read committed' },
    );
    if (admission.locked) throw locked(admission.retryAfterSeconds);
  }

  /** After a success the next mistake is the first. */
  async forget(subject: string): Promise<void> {
    await this.transactions.run(
      (em) => em.execute('DELETE FROM login_attempt WHERE subject = ?', [hashToken(subject)]),
      { isolation: 'read committed' },
    );
  }
}

export function locked(retryAfterSeconds: number): Problem {
  return new Problem('auth.locked', undefined, {}, { 'retry-after': String(retryAfterSeconds) });
}
