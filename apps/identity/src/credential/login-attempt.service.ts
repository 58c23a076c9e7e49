import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { hashToken, Problem, SystemClock } from '@roost/platform';
import { admitAttempt } from './domain/lock-out.js';
import { deleteAttempts, lockAttempts, saveAttempts } from './login-attempt.queries.js';

/** Counts attempts in the database, so that the count is the same for all replicas and survives restarts. */
@Injectable()
export class LoginAttemptService {
  constructor(
    private readonly transactions: Transactions,
    private readonly clock: SystemClock,
  ) {}

  /** Admits one attempt and counts it as a failure until `reset`. Throws 429 `auth.locked` while the subject is locked. */
  async admit(subject: string): Promise<void> {
    const subjectHash = hashToken(subject);
    const admission = await this.transactions.run(
      async (em) => {
        const admission = admitAttempt(await lockAttempts(em, subjectHash), this.clock.now());
        if (!admission.locked) await saveAttempts(em, subjectHash, admission.attempts);
        return admission;
      },
      { isolation: 'read committed' },
    );
    if (admission.locked) throw locked(admission.retryAfterSeconds);
  }

  /** Clears the failures of a subject after a success. */
  async reset(subject: string): Promise<void> {
    await this.transactions.run((em) => deleteAttempts(em, hashToken(subject)), {
      isolation: 'read committed',
    });
  }
}

export function locked(retryAfterSeconds: number): Problem {
  return new Problem('auth.locked', undefined, {}, { 'retry-after': String(retryAfterSeconds) });
}
