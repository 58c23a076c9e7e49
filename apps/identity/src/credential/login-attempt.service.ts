import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { currentRequest } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { hashToken, Problem, SystemClock } from '@roost/platform';
import { userAgentOf } from '../account/request-origin.js';
import { type AttemptCounter, logInCounters, networkOf, siteOf } from './domain/attempt-counters.js';
import { admitAttempt } from './domain/lock-out.js';
import { KnownDeviceService } from './known-device.service.js';
import {
  deleteAttempts,
  deleteAttemptsOfAccount,
  type HashedCounter,
  isAccountOf,
  findKnownOrigin,
  lockAttempts,
  saveAttempts,
} from './login-attempt.queries.js';

/** Network and user agent of the current request. */
export function currentDevice(): { network: string; userAgent: string | null } {
  const request = currentRequest()?.request;
  return {
    network: networkOf(request?.ip ?? ''),
    userAgent: request ? userAgentOf(request) : null,
  };
}

/** Counts attempts in the database, so that the count is the same for all replicas and survives restarts. */
@Injectable()
export class LoginAttemptService {
  constructor(
    private readonly transactions: Transactions,
    private readonly em: EntityManager,
    private readonly clock: SystemClock,
    private readonly devices: KnownDeviceService,
  ) {}

  /** The counters of a log-in by the current request, as the account with this mail address or id. */
  async countersOfLogIn(
    name: string,
    account: { email: string } | { id: string },
  ): Promise<AttemptCounter[]> {
    const em = this.em.fork();
    const device = currentDevice();
    const known = await findKnownOrigin(em, account, device);
    const site = siteOf(currentRequest()?.request.ip ?? '');
    const cookie = this.devices.current();
    const deviceId = cookie && (await isAccountOf(em, account, cookie.userId)) ? cookie.id : null;
    return logInCounters(name, { ...device, site, deviceId, known });
  }

  /**
   * Admits one attempt and counts it as a failure until `reset`. Throws 429 `auth.locked` while one of the counters is
   * locked; the others then do not count it.
   */
  async admit(counters: readonly AttemptCounter[]): Promise<void> {
    const retryAfterSeconds = await this.transactions.run(
      async (em) => {
        const now = this.clock.now();
        const admitted: (() => Promise<void>)[] = [];
        let waits = false;
        for (const counter of counters) {
          const key = hashed(counter);
          const admission = admitAttempt(await lockAttempts(em, key, now), now, counter.freeFailures);
          if (admission.locked) return admission.retryAfterSeconds;
          if (counter.shared && waits) continue;
          waits ||= admission.attempts.lockedUntil !== null;
          admitted.push(() => saveAttempts(em, key, admission.attempts));
        }
        for (const save of admitted) await save();
        return null;
      },
      { isolation: 'read committed' },
    );
    if (retryAfterSeconds !== null) throw locked(retryAfterSeconds);
  }

  /** Clears the failures of counters after a success. */
  async reset(counters: readonly AttemptCounter[]): Promise<void> {
    await this.transactions.run(
      async (em) => {
        for (const counter of counters) await deleteAttempts(em, hashed(counter).subject);
      },
      { isolation: 'read committed' },
    );
  }

  /** Clears all failures of an account. */
  async resetAccount(account: string): Promise<void> {
    await this.transactions.run((em) => deleteAttemptsOfAccount(em, hashToken(account)), {
      isolation: 'read committed',
    });
  }
}

const hashed = ({ subject, account }: AttemptCounter): HashedCounter => ({
  subject: hashToken(subject),
  account: hashToken(account),
});

export function locked(retryAfterSeconds: number): Problem {
  return new Problem('auth.locked', undefined, {}, { 'retry-after': String(retryAfterSeconds) });
}
