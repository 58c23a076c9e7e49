import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { SweepEvery, SystemClock } from '@roost/platform';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Ended sessions are kept this long, so that a token used again is still known as such. */
const KEEP_ENDED_DAYS = 30;
const KEEP_MAIL_DAYS = 30;
const AT_ONCE = 5_000;

/** Forgets what no rule looks at any more. */
@Injectable()
export class SessionJobs {
  constructor(
    private readonly transactions: Transactions,
    private readonly clock: SystemClock,
  ) {}

  @SweepEvery(3600, 'session.purge')
  async purge(): Promise<void> {
    const now = this.clock.now().getTime();
    const daysAgo = (days: number) => new Date(now - days * DAY_MS);
    await this.delete('session', 'id', 'least(expires_at, revoked_at) < ?', daysAgo(KEEP_ENDED_DAYS));
    await this.delete('one_time_token', 'token_hash', 'expires_at < ?', daysAgo(1));
    await this.delete('login_attempt', 'subject', 'last_failed_at < ?', daysAgo(2));
    await this.delete('mail', 'id', 'sent_at < ?', daysAgo(KEEP_MAIL_DAYS));
    await this.delete('signing_key', 'kid', 'retire_at < ?', daysAgo(1));
  }

  private async delete(table: string, key: string, due: string, before: Date): Promise<void> {
    await this.transactions.run(
      (em) =>
        em.execute(
          `DELETE FROM ${table} WHERE ${key} IN
            (SELECT ${key} FROM ${table} WHERE ${due} LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED)`,
          [before],
        ),
      { isolation: 'read committed' },
    );
  }
}
