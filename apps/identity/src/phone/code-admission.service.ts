import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { currentRequest } from '@roost/http';
import { CONFIG, Encryption, Problem, SystemClock } from '@roost/platform';
import type { IdentityConfig } from '../config.js';
import { networkOf, siteOf } from '../credential/domain/attempt-counters.js';
import { admitCode } from './domain/code-limits.js';
import { type CodeSubjects, countPhoneCodes } from './phone-code.queries.js';
import { countryOf } from './phone-number.js';

const RETRY_AFTER_SECONDS = 60 * 60;

/** Decides whether a code may be sent to a number. */
@Injectable()
export class CodeAdmissionService {
  constructor(
    private readonly em: EntityManager,
    private readonly encryption: Encryption,
    private readonly clock: SystemClock,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  requireReachable(phone: string): void {
    const { ROOST_ENV, SMS_WEBHOOK_URL, SMS_COUNTRIES } = this.config;
    if (ROOST_ENV === 'production' && SMS_WEBHOOK_URL === undefined) throw new Problem('phone.not_offered');
    const country = countryOf(phone);
    const isAllowed = SMS_COUNTRIES === undefined || SMS_COUNTRIES.split(',').includes(country ?? '');
    if (country === undefined || !isAllowed) throw new Problem('phone.country_not_supported');
  }

  /** Of a request for a code. Networks of one IPv6 site count together. */
  subjectsOf(userId: string, phone: string): CodeSubjects {
    const ip = currentRequest()?.request.ip ?? '';
    return {
      userId,
      phoneHash: this.encryption.keyedHash(phone, 'phone_code.phone_hash'),
      networkHash: this.encryption.keyedHash(siteOf(ip) ?? networkOf(ip), 'phone_code.network_hash'),
    };
  }

  /**
   * Throws 429 `phone.too_many_codes` if a limit is reached. Only under the lock of `lockPhoneCodes`, in the transaction
   * `em`, is the result final.
   */
  async admit(subjects: CodeSubjects, em = this.em.fork()): Promise<'send' | 'silent'> {
    const counts = await countPhoneCodes(em, subjects, this.clock.now());
    const admission = admitCode(counts, this.config.SMS_PER_DAY);
    if (admission !== 'refuse') return admission;
    const retryAfter = String(RETRY_AFTER_SECONDS);
    throw new Problem('phone.too_many_codes', undefined, {}, { 'retry-after': retryAfter });
  }
}
