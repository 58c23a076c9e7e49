import { randomInt } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type AuthUser, Idempotency } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { CONFIG, hashToken, Problem, SystemClock, uuidv7 } from '@roost/platform';
import type { IdentityConfig } from '../config.js';
import { currentDevice } from '../credential/login-attempt.service.js';
import { PasswordHashService } from '../credential/password-hash.service.js';
import { mailLocaleOf, mailTexts } from '../mail/language/languages.js';
import { SessionService } from '../session/session.service.js';
import { type Me, toMe } from '../user/user.dto.js';
import { admitCode, CODE_TTL_SECONDS, MAX_TRIES } from './domain/code-limits.js';
import {
  countPhoneCodes,
  countTry,
  endPhoneCodes,
  insertPhoneCode,
  isCurrentCode,
  lockPhoneCodes,
} from './phone-code.queries.js';
import { countryOf } from './phone-number.js';
import type { PhoneCode } from './phone.dto.js';
import { TextDeliveryService } from './text-delivery.service.js';

const RETRY_AFTER_SECONDS = 60 * 60;

/** Verifies that a user has a mobile phone with a number. */
@Injectable()
export class PhoneService {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly transactions: Transactions,
    private readonly sessions: SessionService,
    private readonly hashes: PasswordHashService,
    private readonly delivery: TextDeliveryService,
    private readonly clock: SystemClock,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  /** Sends a code. The response is the same whether or not another account has the number. */
  async request(auth: AuthUser, phone: string): Promise<PhoneCode> {
    this.requireReachable(phone);
    const code = String(randomInt(1_000_000)).padStart(6, '0');
    // As slow as that of a password: there are only a million codes.
    const codeHash = await this.hashes.hash(code);
    return this.idempotency.runOnce(
      async (em) => {
        const user = await this.sessions.requireUser(auth, em);
        const createdAt = this.clock.now();
        const expiresAt = new Date(createdAt.getTime() + CODE_TTL_SECONDS * 1000);
        const subjects = {
          userId: user.id,
          phoneHash: hashToken(phone),
          networkHash: hashToken(currentDevice().network),
        };
        await lockPhoneCodes(em);
        const admission = admitCode(await countPhoneCodes(em, subjects, createdAt));
        if (admission === 'refuse') {
          const retryAfter = String(RETRY_AFTER_SECONDS);
          throw new Problem('phone.too_many_codes', undefined, {}, { 'retry-after': retryAfter });
        }
        await endPhoneCodes(em, user.id);
        if (admission === 'send') {
          const text = mailTexts[mailLocaleOf(user.locale)].phoneCode(code);
          const nextAttemptAt = this.config.SMS_WEBHOOK_URL === undefined ? null : createdAt;
          const times = { createdAt, expiresAt, nextAttemptAt };
          await insertPhoneCode(em, { id: uuidv7(), ...subjects, phone, codeHash, text, ...times });
          this.delivery.sendAfterCommit();
        }
        return { phone, expiresAt: expiresAt.toISOString() };
      },
      { isolation: 'read committed' },
    );
  }

  /** Stores the number if the code is that of its text message. */
  async verify(auth: AuthUser, code: string): Promise<Me> {
    const attempt = await this.transactions.run(
      async (em) => {
        const { id } = await this.sessions.requireUser(auth, em);
        return countTry(em, id, { now: this.clock.now(), maxTries: MAX_TRIES });
      },
      { isolation: 'read committed' },
    );
    const isRight = await this.hashes.verify(attempt?.codeHash ?? null, code);
    if (!attempt || !isRight) throw new Problem('phone.code_invalid');
    return this.idempotency.runOnce(async (em) => {
      const user = await this.sessions.requireUser(auth, em);
      if (!(await isCurrentCode(em, user.id, attempt.codeHash))) throw new Problem('phone.code_invalid');
      await endPhoneCodes(em, user.id);
      user.phone = attempt.phone;
      await em.flush();
      return toMe(user);
    });
  }

  remove(auth: AuthUser): Promise<Me> {
    return this.transactions.run(async (em) => {
      const user = await this.sessions.requireUser(auth, em);
      await endPhoneCodes(em, user.id);
      user.phone = null;
      await em.flush();
      return toMe(user);
    });
  }

  private requireReachable(phone: string): void {
    const { ROOST_ENV, SMS_WEBHOOK_URL, SMS_COUNTRIES } = this.config;
    if (ROOST_ENV === 'production' && SMS_WEBHOOK_URL === undefined) throw new Problem('phone.not_offered');
    const country = countryOf(phone);
    const isAllowed = SMS_COUNTRIES === undefined || SMS_COUNTRIES.split(',').includes(country ?? '');
    if (country === undefined || !isAllowed) throw new Problem('phone.country_not_supported');
  }
}
