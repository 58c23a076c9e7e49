import { Injectable } from '@nestjs/common';
import { AuditLog } from '@roost/audit';
import { Transactions } from '@roost/messaging';
import { User } from '../account/user.entity.js';
import { ErasureService } from './erasure.service.js';

/** For `roost users erase`: after a restore, users who were erased since the backup have their accounts again. */
@Injectable()
export class OperatorErasureService {
  constructor(
    private readonly transactions: Transactions,
    private readonly erasures: ErasureService,
    private readonly auditLog: AuditLog,
  ) {}

  /**
   * As `DELETE /v1/me`, also for a suspended account. Throws 409 `user.has_obligations`, and changes nothing for an
   * unknown or erased account.
   */
  erase(id: string, reason: string): Promise<'erased' | 'already erased' | 'unknown'> {
    return this.transactions.run(async (em) => {
      const user = await em.findOne(User, { id });
      if (!user) return 'unknown';
      if (user.status === 'erased') return 'already erased';
      await this.erasures.erase(em, user);
      await this.auditLog.record(em, {
        ...{ actor: 'command line', action: 'user.erase', reason },
        subject: { type: 'user', id },
      });
      return 'erased';
    });
  }
}
