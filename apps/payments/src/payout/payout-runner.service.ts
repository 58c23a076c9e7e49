import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { faultPoint, Transactions } from '@roost/messaging';
import { CONFIG, type Config, Encryption, LOGGER } from '@roost/platform';
import type { Logger } from 'pino';
import type { PaymentsConfig } from '../config.js';
import { ProviderRejection, type ProviderTransfer, ProviderUnavailable } from '../provider/provider.port.js';
import { Providers } from '../provider/providers.js';
import { REFERENCE_CONTEXT } from './payout-account.service.js';
import { PayoutRecorder } from './payout-recorder.service.js';
import { claimPayout, type Payout, payoutsToCall, postponePayout } from './payout.queries.js';

const MAX_RETRY_SECONDS = 300;

type ClaimedPayout = Payout & { reference: string };
type Outcome =
  | { transfer: ProviderTransfer }
  | { rejected: string }
  /** `rejection`: of this call, while the outcome of an earlier one is unknown. */
  | { unclear: true; rejection?: string };

/**
 * Runs payouts: claim → call → record. No call is made inside a transaction. The key of a payout never changes, and a
 * repeated call asks for its transfer first, so a crash or a lost response never pays twice.
 */
@Injectable()
export class PayoutRunner {
  /** Longer than the two calls of a retry with their repetitions can take. */
  private readonly leaseSeconds: number;

  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
    private readonly recorder: PayoutRecorder,
    private readonly providers: Providers,
    private readonly encryption: Encryption,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(CONFIG) config: Config<typeof PaymentsConfig>,
  ) {
    this.leaseSeconds = config.PROVIDER_TIMEOUT_SECONDS * 5;
  }

  /** Calls the provider of one payout and records the outcome. Does nothing if it is finished or another worker has it. */
  async run(payoutId: string): Promise<void> {
    const payout = await claimPayout(this.orm.em.fork(), payoutId, this.leaseSeconds);
    if (!payout) return;
    await faultPoint('payments.before-transfer');
    const outcome = await this.call(payout);
    await faultPoint('payments.after-transfer');
    if ('unclear' in outcome) return this.postpone(payout, outcome.rejection);
    await this.transactions.run(async (em) => {
      if ('transfer' in outcome) await this.recorder.recordTransfer(em, payoutId, outcome.transfer);
      else await this.recorder.recordRejected(em, payoutId, outcome.rejected);
    });
  }

  due(limit: number): Promise<string[]> {
    return payoutsToCall(this.orm.em.fork(), limit);
  }

  private async call(payout: ClaimedPayout): Promise<Outcome> {
    try {
      return await this.request(payout);
    } catch (error) {
      if (!(error instanceof ProviderUnavailable || error instanceof ProviderRejection)) throw error;
      this.logger.warn({ err: error, payoutId: payout.id }, 'transfer unclear; the sweeper will retry');
      return { unclear: true };
    }
  }

  private async request(payout: ClaimedPayout): Promise<Outcome> {
    const { transfers } = this.providers.of(payout.provider);
    if (!transfers) throw new ProviderUnavailable(`The provider ${payout.provider} makes no transfers`);
    if (payout.providerRef !== null) return { transfer: await transfers.find(payout.providerRef) };
    const existing = payout.tries > 1 ? await transfers.findByPayout(payout.id) : null;
    if (existing) return { transfer: existing };
    if (payout.rejection !== null) return { rejected: payout.rejection };
    try {
      const transfer = await transfers.create({
        key: `payout:${payout.id}`,
        payoutId: payout.id,
        destination: this.encryption.decrypt(payout.reference, REFERENCE_CONTEXT),
        amountMinor: payout.amountMinor,
        currency: payout.currency,
      });
      return { transfer };
    } catch (error) {
      if (!(error instanceof ProviderRejection)) throw error;
      this.logger.info({ payoutId: payout.id, code: error.code }, 'provider rejected a transfer');
      // An earlier call may still arrive at the provider. The next try decides, after the wait.
      return payout.tries > 1 ? { unclear: true, rejection: error.code } : { rejected: error.code };
    }
  }

  /** After an unclear creation the provider gets the time to finish it. */
  private async postpone({ id, tries, providerRef }: Payout, rejection?: string): Promise<void> {
    const pause = Math.min(2 ** tries, MAX_RETRY_SECONDS);
    const waitSeconds = providerRef === null ? Math.max(pause, this.leaseSeconds) : pause;
    const outcome = { waitSeconds, providerRef: null, ...(rejection === undefined ? {} : { rejection }) };
    await this.transactions.run((em) => postponePayout(em, id, outcome), { isolation: 'read committed' });
  }
}
