import type { EventMeta } from '@roost/messaging';
import type { Side } from './domain/notification.js';

/** The notifications of one booking event: one for each of the sides. */
export const notificationsOf = <Facts>(
  { bookingId, guestId, hostId }: { bookingId: string; guestId: string; hostId: string },
  meta: EventMeta,
  sides: readonly Side[],
  facts: Facts,
) =>
  sides.map((side) => ({
    eventId: meta.id,
    userId: side === 'guest' ? guestId : hostId,
    side,
    bookingId,
    facts,
  }));
