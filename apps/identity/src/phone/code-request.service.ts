import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type AuthUser, Idempotency } from '@roost/http';
import { SystemClock, uuidv7 } from '@roost/platform';
import { PasswordHashService } from '../credential/password-hash.service.js';
import { mailLocaleOf, mailTexts } from '../mail/language/languages.js';
import { SessionService } from '../session/session.service.js';
import { CodeAdmissionService } from './code-admission.service.js';
import { CODE_TTL_SECONDS } from './domain/code-limits.js';
import { endPhoneCodes, insertPhoneCode, lockPhoneCodes } from './phone-code.queries.js';
import type { PhoneCode } from './phone.dto.js';
import { TextDeliveryService } from './text-delivery.service.js';

/** Sends the codes that `PhoneService` verifies. */
@Injectable()
export class CodeRequestService {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly sessions: SessionService,
    private readonly hashes: PasswordHashService,
    private readonly delivery: TextDeliveryService,
    private readonly admission: CodeAdmissionService,
    private readonly clock: SystemClock,
  ) {}

  /** Sends a code. The response is the same whether or not another account has the number. */
  async request(auth: AuthUser, phone: string): Promise<PhoneCode> {
    this.admission.requireReachable(phone);
    const subjects = this.admission.subjectsOf(auth.id, phone);
    // Without the lock, so that most requests above a limit cost neither the lock nor the slow hash.
    await this.admission.admit(subjects);
    const code = String(randomInt(1_000_000)).padStart(6, '0');
    // As slow as that of a password: there are only a million codes.
    const codeHash = await this.hashes.hash(code);
    return this.idempotency.runOnce(
      async (em) => {
        const user = await this.sessions.requireUser(auth, em);
        const createdAt = this.clock.now();
        const expiresAt = new Date(createdAt.getTime() + CODE_TTL_SECONDS * 1000);
        await lockPhoneCodes(em);
        const admission = await this.admission.admit(subjects, em);
        await endPhoneCodes(em, user.id);
        const row = { id: uuidv7(), ...subjects, codeHash, createdAt, expiresAt };
        if (admission === 'send') {
          const text = mailTexts[mailLocaleOf(user.locale)].phoneCode(code);
          const nextAttemptAt = this.delivery.isOffered ? createdAt : null;
          await insertPhoneCode(em, { ...row, phone, text, nextAttemptAt });
          this.delivery.sendAfterCommit();
        } else {
          await insertPhoneCode(em, { ...row, phone: null, phoneHash: null, text: '', nextAttemptAt: null });
        }
        return { phone, expiresAt: expiresAt.toISOString() };
      },
      { isolation: 'read committed' },
    );
  }
}
