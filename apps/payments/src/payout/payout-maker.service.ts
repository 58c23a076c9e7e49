import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { chargeBounds, sum } from '@roost/money';
import { Clock, SystemClock, uuidv7 } from '@roost/platform';
import { LedgerService } from '../ledger/ledger.service.js';
import { Providers } from '../provider/providers.js';
import { isRestorationOpen } from '../restoration/restoration.queries.js';
import {
  type HostBooking,
  nextCheckAt,
  type PayoutPlan,
  planPayout,
  scheduleOf,
} from './domain/payout-plan.js';
import { lineLegs } from './domain/payout-posting.js';
import { lockUsableAccount, type PayoutAccount } from './payout-account.queries.js';
import { bookingsToCheck, hostBalances, type HostCurrency, setNextChecks } from './payout-booking.queries.js';
import { PayoutPublisher } from './payout-publisher.service.js';
import { PayoutQueue } from './payout.queue.js';
import { insertPayout, latestPayout } from './payout.queries.js';

type Paying = Extract<PayoutPlan, { pays: true }>;

/** Whether the host's account can be paid: its provider is enabled and makes transfers. */
export const canTransfer = (providers: Providers, name: string): boolean =>
  providers.all.some((provider) => provider.name === name && provider.transfers !== null);

/** Decides the payouts of hosts, and stores each one with its movements before the provider is called. */
@Injectable()
export class PayoutMaker {
  constructor(
    private readonly transactions: Transactions,
    private readonly ledger: LedgerService,
    private readonly publisher: PayoutPublisher,
    private readonly queue: PayoutQueue,
    private readonly providers: Providers,
    private readonly clock: Clock,
    private readonly systemClock: SystemClock,
  ) {}

  /**
   * Stores the payout of a host, if one is due. Two processes at once store it once: the second one fails on the row of
   * the account, runs again, and finds the payout of the first; a unique index allows one payout in transit.
   */
  async make(host: HostCurrency): Promise<void> {
    await this.transactions.run(async (em) => {
      // The provider may have paid what the restored database owes.
      if (await isRestorationOpen(em)) return;
      const now = this.clock.now();
      const account = await lockUsableAccount(em, host, now);
      if (!account || !canTransfer(this.providers, account.provider)) return;
      const latest = await latestPayout(em, host);
      if (latest?.status === 'in_transit') return;
      const failed = latest?.status === 'failed' && latest.accountId === account.id ? latest : null;
      if (failed?.retryAt && failed.retryAt > now) return;
      const { bookings, otherMinor } = await hostBalances(em, host);
      const balanceMinor = sum(bookings.map((booking) => booking.balanceMinor)) + otherMinor;
      const plan = planPayout(bookings, { now, balanceMinor, bounds: chargeBounds(host.currency) });
      if (plan.pays) await this.store(em, account, plan, (failed?.attempt ?? 0) + 1);
      await this.scheduleChecks(em, host, bookings, plan);
    });
  }

  private async store(
    em: EntityManager,
    account: PayoutAccount,
    plan: Paying,
    attempt: number,
  ): Promise<void> {
    const { hostId, currency, provider } = account;
    const payout = {
      ...{ id: uuidv7(), hostId, currency, provider, accountId: account.id, attempt },
      ...{ amountMinor: plan.amountMinor, dueAt: plan.dueAt, lines: plan.lines },
      createdAt: this.clock.now(),
      startedAt: this.systemClock.now(),
    };
    await insertPayout(em, payout);
    for (const { bookingId, amountMinor } of plan.lines) {
      await this.ledger.post(em, {
        key: `payout:${payout.id}:${bookingId}`,
        currency,
        paymentId: null,
        bookingId,
        occurredAt: payout.createdAt,
        legs: lineLegs(hostId, amountMinor),
      });
    }
    await this.publisher.publish(em, { ...payout, version: 1 }, 'payout.scheduled');
    this.transactions.afterCommit(() => this.queue.enqueue(payout.id));
  }

  private async scheduleChecks(
    em: EntityManager,
    host: HostCurrency,
    bookings: readonly HostBooking[],
    plan: PayoutPlan,
  ): Promise<void> {
    const now = this.clock.now();
    const byId = new Map(bookings.map((booking) => [booking.bookingId, booking]));
    const isPaid = new Set(plan.pays ? plan.lines.map(({ bookingId }) => bookingId) : []);
    const checked = await bookingsToCheck(em, host, now);
    await setNextChecks(
      em,
      checked.map((stored) => {
        const booking = byId.get(stored.bookingId) ?? stored;
        const open = !isPaid.has(booking.bookingId) && scheduleOf(booking).some(({ dueAt }) => dueAt <= now);
        return { bookingId: booking.bookingId, checkAt: nextCheckAt(booking, open, now) };
      }),
    );
  }
}
