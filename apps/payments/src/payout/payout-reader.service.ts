import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { decodeCursor, page, type PageOf } from '@roost/http';
import { z } from 'zod';
import { listPayouts } from './payout-list.queries.js';
import { type PayoutsQuery, type PayoutView, toPayoutView } from './payout.dto.js';
import { sortKey, UpcomingPayouts } from './upcoming-payouts.service.js';

/** More payouts of one booking are not shown in the graph. */
const MAX_PER_BOOKING = 100;

/** The last entry of a page: an upcoming one by its sort key, or a payout by its id. */
const Cursor = z.union([
  z.tuple([z.literal('upcoming'), z.string().max(100)]),
  z.tuple([z.literal('payout'), z.uuid()]),
]);
type Cursor = z.output<typeof Cursor>;

/** The payouts that a host sees: upcoming amounts, the first due one first, then payouts, the newest one first. */
@Injectable()
export class PayoutReader {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly upcoming: UpcomingPayouts,
  ) {}

  async list(hostId: string, query: PayoutsQuery): Promise<PageOf<PayoutView>> {
    const after = decodeCursor(query.cursor, Cursor);
    const em = this.orm.em.fork();
    const rows = await this.upcomingAfter(em, hostId, query, after);
    const missing = query.limit + 1 - rows.length;
    if (missing > 0) rows.push(...(await this.payoutsAfter(em, hostId, query, { after, limit: missing })));
    return page(rows.slice(0, query.limit + 1), query.limit, cursorOf);
  }

  /** The payouts of each booking, for its host. */
  async ofBookings(hostId: string, bookingIds: readonly string[]): Promise<PayoutView[][]> {
    const em = this.orm.em.fork();
    const limit = MAX_PER_BOOKING * bookingIds.length;
    const payouts = await listPayouts(em, { hostId, bookingIds, before: null, limit });
    const all = [...(await this.upcoming.list(em, hostId)), ...payouts.map(toPayoutView)];
    return bookingIds.map((id) =>
      all
        .filter(({ bookings }) => bookings.some(({ bookingId }) => bookingId === id))
        .slice(0, MAX_PER_BOOKING),
    );
  }

  private async upcomingAfter(
    em: EntityManager,
    hostId: string,
    { status, bookingId }: PayoutsQuery,
    after: Cursor | null,
  ): Promise<PayoutView[]> {
    if ((status !== undefined && status !== 'upcoming') || after?.[0] === 'payout') return [];
    const entries = await this.upcoming.list(em, hostId);
    return entries.filter(
      (entry) =>
        (bookingId === undefined || entry.bookings[0]?.bookingId === bookingId) &&
        (after === null || sortKey(entry) > after[1]),
    );
  }

  private async payoutsAfter(
    em: EntityManager,
    hostId: string,
    { status, bookingId }: PayoutsQuery,
    { after, limit }: { after: Cursor | null; limit: number },
  ): Promise<PayoutView[]> {
    if (status === 'upcoming') return [];
    const before = after?.[0] === 'payout' ? after[1] : null;
    const bookingIds = bookingId === undefined ? undefined : [bookingId];
    const payouts = await listPayouts(em, { hostId, status, bookingIds, before, limit });
    return payouts.map(toPayoutView);
  }
}

const cursorOf = (view: PayoutView): Cursor =>
  view.id === null ? ['upcoming', sortKey(view)] : ['payout', view.id];
