import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Erasure, isErasedAccount } from '@roost/accounts';
import { erasePartyName } from '../paper/paid-stay.queries.js';
import { erasePaymentSecrets } from '../payment/payment.queries.js';
import { erasePayoutAccounts } from '../payout/payout-account.queries.js';

/**
 * Deletes names, account numbers and secrets of erased users. Payments, payouts, papers and the ledger stay, under an id
 * without a person.
 */
@Injectable()
export class PaymentsErasure extends Erasure {
  async erase(em: EntityManager, userId: string): Promise<boolean> {
    await erasePartyName(em, userId);
    const ended = [
      await erasePayoutAccounts(em, userId),
      await erasePaymentSecrets(em, userId),
      await isErasedAccount(em, userId),
    ];
    return ended.every(Boolean);
  }
}
