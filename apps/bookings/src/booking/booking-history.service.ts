import { Injectable } from '@nestjs/common';
import type { EventBody, EventType } from '@roost/contracts';
import { Outbox } from '@roost/messaging';
import { addMilliseconds } from '@roost/stay';
import type { BookingStep } from './booking-step.js';
import { bookingFacts } from './booking.events.js';
import { insertHistoryEntry } from './booking.queries.js';
import type { ChangeEvent } from './change/domain/change-state.js';
import type { BookingEvent, BookingState } from './domain/booking-state.js';

/** The names of events in the audit trail. */
export type HistoryEvent =
  | BookingEvent
  | 'late_payment_refused'
  | 'change_proposed'
  | 'change_applied'
  | 'change_late_payment_refused'
  | `change_${ChangeEvent}`;

type Facts = EventBody<'booking.accepted'>;
type BookingEventType = EventType & `booking.${string}`;

/** Persists a step of a booking: its row with a new version, its history entry and its event. */
@Injectable()
export class BookingHistory {
  constructor(private readonly outbox: Outbox) {}

  /** Flushes the booking as it is now, with `event` as the cause. `from`: the previous state, if it changed. */
  async append(
    { em, booking, now, actor }: BookingStep,
    { event, from, changeId }: { event: HistoryEvent; from?: BookingState; changeId?: string },
  ): Promise<void> {
    // The instant is always later than the previous one, so that each history entry has a version of its own.
    booking.updatedAt = now > booking.updatedAt ? now : addMilliseconds(booking.updatedAt, 1);
    await em.flush();
    await insertHistoryEntry(em, {
      bookingId: booking.id,
      version: booking.version,
      at: now,
      by: actor.by,
      actorId: actor.id ?? null,
      event,
      fromState: from ?? booking.state,
      toState: booking.state,
      reason: actor.reason ?? null,
      changeId: changeId ?? null,
    });
  }

  async publish<T extends BookingEventType>(
    { em, booking }: BookingStep,
    type: T,
    facts: Omit<EventBody<T>, keyof Facts> & Partial<Facts>,
  ): Promise<void> {
    const body = { ...bookingFacts(booking), ...facts } as unknown as EventBody<T>;
    await this.outbox.add(em, type, body, { version: booking.version });
  }
}
