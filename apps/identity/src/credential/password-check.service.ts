import { Injectable } from '@nestjs/common';
import type { AuthUser } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { Problem, WorkSlots } from '@roost/platform';
import { User } from '../account/user.entity.js';
import { type AttemptCounter, sessionCounters } from './domain/attempt-counters.js';
import { KeyedQueue } from './keyed-queue.js';
import { KnownDeviceService } from './known-device.service.js';
import { locked, LoginAttemptService } from './login-attempt.service.js';
import { PasswordHashService } from './password-hash.service.js';

const MAX_PENDING = 100;
/** As many as libuv hashes at once. */
const MAX_RUNNING = 4;
const MAX_WAITING = 1_000;

/**
 * The only place that verifies a password. Attempts of one count run one at a time: simultaneous log-ins of one user do
 * not count as guesses. The count in the database is shared by all replicas. Few attempts of all run at once: a flood of them
 * leaves connections and processor time to other requests.
 */
@Injectable()
export class PasswordCheckService {
  readonly #queue = new KeyedQueue(MAX_PENDING);
  readonly #slots = new WorkSlots(MAX_RUNNING, MAX_WAITING);

  constructor(
    private readonly transactions: Transactions,
    private readonly passwords: PasswordHashService,
    private readonly attempts: LoginAttemptService,
    private readonly devices: KnownDeviceService,
  ) {}

  /**
   * Returns the user with this mail address and password. An address without an account takes the same time and is
   * locked by the same rule. Throws 401 `auth.invalid_credentials` or 429 `auth.locked`.
   */
  async verify(email: string, password: string): Promise<User> {
    const counters = await this.#slots.run(() => this.attempts.countersOfLogIn(email, { email }));
    const user = await this.check(email, password, counters);
    if (!user) throw new Problem('auth.invalid_credentials');
    return user;
  }

  /**
   * Returns the signed-in user, reloaded, if this is their password. Throws 403 `auth.wrong_password` or 429
   * `auth.locked`. Not 401: a client answers that with a refresh or a new log-in, although its token is valid.
   */
  async confirm({ id, email }: User, auth: AuthUser, password: string): Promise<User> {
    const user = await this.check(email, password, sessionCounters(email, auth.sessionId));
    if (user?.id !== id) throw new Problem('auth.wrong_password');
    return user;
  }

  /** Ends every lock-out of a mail address. */
  unlock(email: string): Promise<void> {
    return this.attempts.resetAccount(email);
  }

  /** Makes the device of the current request known: strangers can't lock its log-ins. */
  markDeviceKnown(userId: string): void {
    this.devices.markKnown(userId);
  }

  private check(email: string, password: string, counters: AttemptCounter[]): Promise<User | null> {
    return this.#queue.run(
      counters[0]?.subject ?? email,
      () => this.#slots.run(() => this.attempt(email, password, counters)),
      () => locked(1),
    );
  }

  private async attempt(email: string, password: string, counters: AttemptCounter[]): Promise<User | null> {
    await this.attempts.admit(counters);
    const user = await this.transactions.run((em) => em.findOne(User, { email, status: { $ne: 'erased' } }));
    const matches = await this.passwords.verify(user?.passwordHash ?? null, password);
    if (!user || !matches) return null;
    await this.attempts.reset(counters);
    return user;
  }
}
