import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { EventBody, EventType } from '@roost/contracts';
import { Outbox } from '@roost/messaging';
import { addMilliseconds } from '@roost/stay';
import type { ChangeEvent } from './change/domain/change-state.js';
import type { Booking } from './booking.entity.js';
import { bookingFacts } from './booking.events.js';
import type { BookingEvent, BookingState } from './domain/booking-state.js';

export interface Actor {
  by: 'guest' | 'host' | 'admin' | 'payment' | 'system';
  id?: string;
  reason?: string;
}

/** What the audit trail calls things. */
export type HistoryEvent =
  | BookingEvent
  | 'late_payment_refused'
  | 'change_proposed'
  | 'change_applied'
  | 'change_late_payment_refused'
  | `change_${ChangeEvent}`;

type Facts = EventBody<'booking.accepted'>;
type BookingEventType = EventType & `booking.${string}`;

/** Writes down what happened to a booking: its row with a new version, its history, its event. */
@Injectable()
export class BookingHistory {
  constructor(private readonly outbox: Outbox) {}

  /** The booking as it is now was brought about by `event`. */
  async append(
    em: EntityManager,
    booking: Booking,
    what: { event: HistoryEvent; actor: Actor; now: Date; from?: BookingState; changeId?: string },
  ): Promise<void> {
    const { event, actor, now } = what;
    // Always another instant than before, so that each line of the history has a version of its own.
    booking.updatedAt = now > booking.updatedAt ? now : addMilliseconds(booking.updatedAt, 1);
    await em.flush();
    await em.execute(
      `INSERT INTO booking_history (booking_id, version, at, by, actor_id, event, from_state, to_state, reason, change_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        booking.id,
        booking.version,
        now,
        actor.by,
        actor.id ?? null,
        event,
        what.from ?? booking.state,
        booking.state,
        actor.reason ?? null,
        what.changeId ?? null,
      ],
    );
  }

  async announce<T extends BookingEventType>(
    em: EntityManager,
    booking: Booking,
    type: T,
    more: Omit<EventBody<T>, keyof Facts> & Partial<Facts>,
  ): Promise<void> {
    const body = { ...bookingFacts(booking), ...more } as unknown as EventBody<T>;
    await this.outbox.add(em, type, body, { version: booking.version });
  }
}
