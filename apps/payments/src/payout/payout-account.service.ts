import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Outbox, Transactions } from '@roost/messaging';
import { Clock, Encryption, Problem, uuidv7 } from '@roost/platform';
import { addHours } from '@roost/stay';
import { Providers } from '../provider/providers.js';
import { ACCOUNT_HOLD_HOURS, lastFourOf } from './domain/account-reference.js';
import { type PayoutAccountView, type SetPayoutAccount, toAccountView } from './payout-account.dto.js';
import {
  currentAccount,
  currentAccounts,
  ERASED_REFERENCE,
  insertAccount,
} from './payout-account.queries.js';

/** The encryption context of the references of accounts. */
export const REFERENCE_CONTEXT = 'payout_account.reference';

/** The reference of an account; null if its host is erased. */
export const decryptReference = (encryption: Encryption, reference: string): string | null =>
  reference === ERASED_REFERENCE ? null : encryption.decrypt(reference, REFERENCE_CONTEXT);

/** The accounts at providers that hosts are paid to: one per currency. */
@Injectable()
export class PayoutAccountService {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly outbox: Outbox,
    private readonly providers: Providers,
    private readonly encryption: Encryption,
    private readonly clock: Clock,
  ) {}

  /**
   * Sets the account of a currency. It waits 72 hours, also as the first one: an attacker with a host's session could
   * otherwise collect the next payout before the host reads the mail. Setting the same account again changes nothing.
   */
  set(hostId: string, request: SetPayoutAccount): Promise<PayoutAccountView> {
    const { provider, currency, reference } = request;
    const enabled = this.providers.all
      .filter(({ capabilities: { currencies } }) => currencies?.includes(currency) ?? true)
      .map(({ name }) => name);
    if (!enabled.includes(provider)) {
      throw new Problem('payout.provider_not_enabled', undefined, { providers: enabled });
    }
    return this.transactions.run(async (em) => {
      const current = await currentAccount(em, hostId, currency);
      if (current?.provider === provider && this.decrypt(current.reference) === reference) {
        return toAccountView(current);
      }
      const createdAt = this.clock.now();
      const account = {
        ...{ id: uuidv7(), hostId, provider, currency, createdAt },
        reference: this.encryption.encrypt(reference, REFERENCE_CONTEXT),
        referenceEnd: lastFourOf(reference),
        usableAt: addHours(createdAt, ACCOUNT_HOLD_HOURS),
      };
      await insertAccount(em, account);
      const usableAt = account.usableAt.toISOString();
      await this.outbox.add(em, 'payout-account.changed', { hostId, currency, provider, usableAt });
      return toAccountView(account);
    });
  }

  async list(hostId: string): Promise<PayoutAccountView[]> {
    const accounts = await currentAccounts(this.orm.em.fork(), hostId);
    return accounts.map(toAccountView);
  }

  private decrypt(reference: string): string {
    return this.encryption.decrypt(reference, REFERENCE_CONTEXT);
  }
}
