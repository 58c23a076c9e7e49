import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { EventBody } from '@roost/contracts';
import { mirror } from '@roost/messaging';

/** Stores the state of a payout: a host with unpaid ones can't erase their account. */
export async function mirrorPayout(
  em: EntityManager,
  { payoutId, hostId, currency, bookingIds }: EventBody<'payout.scheduled'>,
  status: 'scheduled' | 'paid' | 'failed',
  version: number,
): Promise<void> {
  await mirror(em, {
    table: 'payout',
    key: { payout_id: payoutId },
    version,
    values: {
      ...{ host_id: hostId, currency, status },
      booking_ids: sql`ARRAY[${bookingIds}]::uuid[]`,
    },
  });
}
