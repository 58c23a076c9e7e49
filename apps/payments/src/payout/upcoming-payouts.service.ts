import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { chargeBounds, sum } from '@roost/money';
import { Clock } from '@roost/platform';
import { Providers } from '../provider/providers.js';
import { isRestorationOpen } from '../restoration/restoration.queries.js';
import { type HostBooking, planPayout, scheduleOf } from './domain/payout-plan.js';
import { type Block, blockOf, type Situation } from './domain/payout-reason.js';
import { currentAccounts, type PayoutAccount } from './payout-account.queries.js';
import { hostBalances, type HostCurrency } from './payout-booking.queries.js';
import { currenciesOf } from './payout-list.queries.js';
import { canTransfer } from './payout-maker.service.js';
import type { PayoutView } from './payout.dto.js';
import { latestPayout } from './payout.queries.js';

interface UpcomingAmount extends Block {
  bookingId: string;
  dueAt: Date;
  amountMinor: number;
}

/** Computes what hosts will be paid, from the same rules as the payouts themselves. */
@Injectable()
export class UpcomingPayouts {
  constructor(
    private readonly providers: Providers,
    private readonly clock: Clock,
  ) {}

  /** One entry for each instalment and each deduction, the first due one first. */
  async list(em: EntityManager, hostId: string): Promise<PayoutView[]> {
    const accounts = await currentAccounts(em, hostId);
    const isPaused = await isRestorationOpen(em);
    const views: PayoutView[] = [];
    for (const host of await currenciesOf(em, hostId)) {
      const account = accounts.find(({ currency }) => currency === host.currency) ?? null;
      const amounts = await this.amounts(em, host, { account, isPaused });
      views.push(...amounts.map((amount) => toView(amount, host, account)));
    }
    return views.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  }

  private async amounts(
    em: EntityManager,
    host: HostCurrency,
    { account, isPaused }: { account: PayoutAccount | null; isPaused: boolean },
  ): Promise<UpcomingAmount[]> {
    const now = this.clock.now();
    const { bookings, otherMinor } = await hostBalances(em, host);
    const balanceMinor = sum(bookings.map((booking) => booking.balanceMinor)) + otherMinor;
    const plan = planPayout(bookings, { now, balanceMinor, bounds: chargeBounds(host.currency) });
    const latest = await latestPayout(em, host);
    const situation: Situation = {
      now,
      account: account && {
        usableAt: account.usableAt,
        canTransfer: canTransfer(this.providers, account.provider),
      },
      isPaused,
      inTransit: latest?.status === 'in_transit',
      retryAt: latest?.status === 'failed' && latest.accountId === account?.id ? latest.retryAt : null,
      notPaid: plan.pays ? null : plan.reason,
    };
    return bookings.flatMap((booking) => amountsOf(booking, situation));
  }
}

/** Sorts upcoming entries; part of the cursor. */
export const sortKey = ({ dueAt, bookings }: PayoutView): string =>
  `${dueAt}/${bookings[0]?.bookingId ?? ''}`;

function amountsOf(booking: HostBooking, situation: Situation): UpcomingAmount[] {
  const { bookingId, frozen, balanceMinor, terms } = booking;
  if (balanceMinor < 0) {
    const dueAt = terms?.firstDueAt ?? situation.now;
    return [{ bookingId, dueAt, amountMinor: balanceMinor, reason: frozen, blockedUntil: null }];
  }
  return scheduleOf(booking).map(({ dueAt, amountMinor }) => ({
    ...{ bookingId, dueAt, amountMinor },
    ...blockOf(situation, { dueAt, frozen }),
  }));
}

const toView = (
  amount: UpcomingAmount,
  { currency }: HostCurrency,
  account: PayoutAccount | null,
): PayoutView => ({
  id: null,
  status: 'upcoming',
  amountMinor: amount.amountMinor,
  currency,
  provider: account?.provider ?? null,
  dueAt: amount.dueAt.toISOString(),
  createdAt: null,
  finishedAt: null,
  failureCode: null,
  bookings: [{ bookingId: amount.bookingId, amountMinor: amount.amountMinor }],
  reason: amount.reason,
  blockedUntil: amount.blockedUntil?.toISOString() ?? null,
});
