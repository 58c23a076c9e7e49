import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Erasure } from '@roost/accounts';
import { LoginAttemptService } from '../credential/login-attempt.service.js';
import { passkeyAccount } from '../credential/passkey-check.service.js';
import { secondFactorAccount } from '../credential/second-factor.service.js';
import { deleteMailsAbout } from '../mail/mail.queries.js';
import { endPhoneCodes } from '../phone/phone-code.queries.js';
import { eraseReportTexts } from '../report/report.queries.js';
import { deleteOwnedRows, eraseProfile } from './personal-rows.queries.js';

/** Deletes everything that belongs to a user except the account, whose other columns `ErasureService` overwrites. */
@Injectable()
export class IdentityErasure extends Erasure {
  constructor(private readonly attempts: LoginAttemptService) {
    super();
  }

  async erase(em: EntityManager, userId: string): Promise<boolean> {
    await deleteOwnedRows(em, userId);
    await eraseProfile(em, userId);
    await eraseReportTexts(em, userId);
    await endPhoneCodes(em, userId);
    await this.attempts.resetAccount(secondFactorAccount(userId));
    await this.attempts.resetAccount(passkeyAccount(userId));
    return deleteMailsAbout(em, userId);
  }
}
