import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { chargeBounds, sum } from '@roost/money';
import { Clock, Encryption, SystemClock } from '@roost/platform';
import { LedgerService } from '../ledger/ledger.service.js';
import type { ProviderTransfer } from '../provider/provider.port.js';
import { adoptedLines } from './domain/adopted-lines.js';
import { planPayout } from './domain/payout-plan.js';
import { lineLegs } from './domain/payout-posting.js';
import { accountsOf, lockAccount, type PayoutAccount } from './payout-account.queries.js';
import { REFERENCE_CONTEXT } from './payout-account.service.js';
import { hostBalances } from './payout-booking.queries.js';
import { PayoutPublisher } from './payout-publisher.service.js';
import { PayoutRecorder } from './payout-recorder.service.js';
import { findPayout, insertPayout, latestPayout } from './payout.queries.js';

/** A transfer of a payout that does not exist here. */
export interface LostTransfer {
  transfer: ProviderTransfer & { payoutId: string };
  /** Null: no host has it. */
  account: PayoutAccount | null;
}

/** Enters transfers whose payouts were lost in a restore from a backup: they would otherwise be paid again. */
@Injectable()
export class PayoutAdopter {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly encryption: Encryption,
    private readonly ledger: LedgerService,
    private readonly publisher: PayoutPublisher,
    private readonly recorder: PayoutRecorder,
    private readonly clock: Clock,
    private readonly systemClock: SystemClock,
  ) {}

  /** Null: it has failed, its payout exists here, or it was not made for a payout. */
  async findLost(provider: string, transfer: ProviderTransfer): Promise<LostTransfer | null> {
    const { payoutId, currency, destination, status } = transfer;
    if (payoutId === null || status === 'failed') return null;
    const em = this.orm.em.fork();
    if (await findPayout(em, payoutId)) return null;
    const accounts = await accountsOf(em, provider, currency);
    const account = accounts.find(
      ({ reference }) => this.encryption.decrypt(reference, REFERENCE_CONTEXT) === destination,
    );
    return { transfer: { ...transfer, payoutId }, account: account ?? null };
  }

  /** Returns why it can't be entered; null if it is. */
  async adopt(em: EntityManager, { transfer, account }: LostTransfer): Promise<string | null> {
    if (!account) return 'no host has its account here: the account was set after the backup';
    await lockAccount(em, account.id);
    if (await findPayout(em, transfer.payoutId)) return null;
    const latest = await latestPayout(em, account);
    if (latest?.status === 'in_transit')
      return `the payout ${latest.id} of the host is in transit: try again when it has ended`;
    const { hostId, currency, provider } = account;
    const { bookings, otherMinor } = await hostBalances(em, account);
    const now = this.clock.now();
    const balanceMinor = sum(bookings.map((booking) => booking.balanceMinor)) + otherMinor;
    const plan = planPayout(bookings, { now, balanceMinor, bounds: chargeBounds(currency) });
    const lines = adoptedLines(bookings, plan, transfer.amountMinor);
    if (!lines)
      return 'it is more than the books owe to the host, because bookings were lost: reverse it at the provider, or accept the difference';
    const payout = {
      ...{ id: transfer.payoutId, hostId, currency, provider, accountId: account.id, attempt: 1 },
      ...{ amountMinor: transfer.amountMinor, dueAt: now, lines, createdAt: now },
      startedAt: this.systemClock.now(),
    };
    await insertPayout(em, payout);
    for (const { bookingId, amountMinor } of lines) {
      await this.ledger.post(em, {
        ...{ key: `payout:${payout.id}:${bookingId}`, currency, paymentId: null, bookingId },
        occurredAt: now,
        legs: lineLegs(hostId, amountMinor),
      });
    }
    await this.publisher.publish(em, { ...payout, version: 1 }, 'payout.scheduled');
    await this.recorder.recordTransfer(em, payout.id, transfer);
    return null;
  }
}
