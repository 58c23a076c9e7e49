import type { EventBody, EventType } from '@roost/contracts';
import type { EventFigures } from '@roost/messaging';
import type { Metrics } from '@roost/platform';

type BookingEventType = Extract<EventType, `booking.${string}`>;

/** The figures of bookings, counted by the events of committed transactions. */
export function bookingFigures(metrics: Metrics): EventFigures {
  const bookings = metrics.counter(
    'roost_bookings_total',
    'Steps of bookings (created, confirmed, cancelled and so on), by booking mode (instant, request)',
    ['step', 'mode'],
  );
  const cancellations = metrics.counter(
    'roost_booking_cancellations_total',
    'Cancelled bookings, by whom (guest, host, admin)',
    ['by'],
  );
  const booked = metrics.counter(
    'roost_booked_minor_total',
    'Totals of confirmed bookings in minor units, by currency',
    ['currency'],
  );
  const count = (step: string) => (body: Pick<EventBody<BookingEventType>, 'bookingMode'>) =>
    bookings.inc({ step, mode: body.bookingMode });
  const countCancelled = count('cancelled');
  const countConfirmed = count('confirmed');
  return {
    'booking.created': count('created'),
    'booking.requested': count('requested'),
    'booking.accepted': count('accepted'),
    'booking.confirmed': (body) => {
      countConfirmed(body);
      booked.inc({ currency: body.currency }, body.totalMinor);
    },
    'booking.declined': count('declined'),
    'booking.expired': count('expired'),
    'booking.cancelled': (body) => {
      countCancelled(body);
      cancellations.inc({ by: body.by });
    },
    'booking.checked-in': count('checked-in'),
    'booking.completed': count('completed'),
    'booking.change-applied': count('changed'),
  };
}
