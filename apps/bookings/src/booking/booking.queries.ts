import { LockMode } from '@mikro-orm/core';
import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { AdminBookings, HistoryEntry, ListBookings } from './booking.dto.js';
import { Booking } from './booking.entity.js';

/** The booking, if the viewer may see it: its guest, its host, or an administrator (`viewerId` null). */
export async function findVisible(
  em: EntityManager,
  id: string,
  viewerId: string | null,
): Promise<Booking | null> {
  return await em.findOne(Booking, { id, ...visibleTo(viewerId) });
}

/**
 * The same for a step that may change the booking. Each step locks the booking before it writes the change or the nights
 * of the booking: otherwise two transactions could deadlock.
 */
export async function lockVisible(
  em: EntityManager,
  id: string,
  viewerId: string | null,
): Promise<Booking | null> {
  return await em.findOne(Booking, { id, ...visibleTo(viewerId) }, { lockMode: LockMode.PESSIMISTIC_WRITE });
}

export async function findAllVisible(
  em: EntityManager,
  ids: readonly string[],
  viewerId: string | null,
): Promise<Booking[]> {
  return await em.find(Booking, { id: { $in: [...ids] }, ...visibleTo(viewerId) });
}

const visibleTo = (viewerId: string | null) =>
  viewerId ? { $or: [{ terms: { guestId: viewerId } }, { terms: { hostId: viewerId } }] } : {};

export interface NewHistoryEntry {
  bookingId: string;
  version: number;
  at: Date;
  by: HistoryEntry['by'];
  actorId: string | null;
  event: string;
  fromState: string;
  toState: string;
  reason: string | null;
  changeId: string | null;
}

export async function insertHistoryEntry(em: EntityManager, entry: NewHistoryEntry): Promise<void> {
  const { bookingId, version, at, by, actorId, event, fromState, toState, reason, changeId } = entry;
  await em.execute(sql`
    INSERT INTO booking_history (booking_id, version, at, by, actor_id, event, from_state, to_state, reason, change_id)
    VALUES (${bookingId}, ${version}, ${at}, ${by}, ${actorId}, ${event}, ${fromState}, ${toState}, ${reason}, ${changeId})`);
}

export async function historyOf(
  em: EntityManager,
  bookingIds: readonly string[],
): Promise<Map<string, HistoryEntry[]>> {
  const rows = await em.execute<(HistoryEntry & { bookingId: string })[]>(sql`
    SELECT booking_id AS "bookingId", at, by, event, reason FROM booking_history
    WHERE booking_id = ANY(ARRAY[${bookingIds}]::uuid[]) ORDER BY booking_id, id`);
  const byBooking = new Map<string, HistoryEntry[]>(bookingIds.map((id) => [id, []]));
  for (const { bookingId, at, ...entry } of rows) {
    byBooking.get(bookingId)?.push({ at: new Date(at).toISOString(), ...entry });
  }
  return byBooking;
}

/** Newest first: ids are in the order of creation. Returns up to `limit + 1` bookings. */
export async function listBookings(
  em: EntityManager,
  viewerId: string,
  filter: Omit<ListBookings, 'cursor'> & { before: string | null },
): Promise<Booking[]> {
  return await em.find(
    Booking,
    {
      terms: {
        ...(filter.role === 'host' ? { hostId: viewerId } : { guestId: viewerId }),
        ...(filter.from && { checkOutDate: { $gt: filter.from } }),
        ...(filter.to && { checkInDate: { $lt: filter.to } }),
      },
      ...(filter.state && { state: filter.state }),
      ...(filter.before && { id: { $lt: filter.before } }),
    },
    { orderBy: { id: 'desc' }, limit: filter.limit + 1 },
  );
}

/** The bookings of all guests and hosts. Newest first, up to `limit + 1`, as `listBookings`. */
export async function listAllBookings(
  em: EntityManager,
  filter: Omit<AdminBookings, 'cursor'> & { before: string | null },
): Promise<Booking[]> {
  const { id, before, guestId, hostId, listingId, state, limit } = filter;
  const { checkInFrom, checkInTo, createdFrom, createdTo } = filter;
  const conditions = [
    id && { id },
    before && { id: { $lt: before } },
    state && { state },
    guestId && { terms: { guestId } },
    hostId && { terms: { hostId } },
    listingId && { terms: { listingId } },
    checkInFrom && { terms: { checkInDate: { $gte: checkInFrom } } },
    checkInTo && { terms: { checkInDate: { $lt: checkInTo } } },
    createdFrom && { terms: { createdAt: { $gte: new Date(createdFrom) } } },
    createdTo && { terms: { createdAt: { $lt: new Date(createdTo) } } },
  ].filter((condition) => !!condition);
  return await em.find(Booking, { $and: conditions }, { orderBy: { id: 'desc' }, limit: limit + 1 });
}

/** A page of due bookings. Each is processed in a transaction of its own, so that replicas do not wait for each other. */
export async function dueBookings(
  em: EntityManager,
  now: Date,
  after: { dueAt: Date; id: string } | null,
  limit: number,
): Promise<{ id: string; dueAt: Date }[]> {
  return await em.execute<{ id: string; dueAt: Date }[]>(sql`
    SELECT id, due_at AS "dueAt" FROM booking
    WHERE due_at <= ${now} AND (due_at, id) > (coalesce(${after?.dueAt ?? null}::timestamptz, '-infinity'),
      coalesce(${after?.id ?? null}::uuid, '00000000-0000-0000-0000-000000000000'))
    ORDER BY due_at, id LIMIT ${limit}`);
}

/** Deletes the texts of a user: the message to the host, and reasons. Reasons of administrators are kept. */
export async function eraseBookingTexts(em: EntityManager, userId: string): Promise<void> {
  await em.execute(sql`
    UPDATE booking_history SET reason = NULL WHERE reason IS NOT NULL AND actor_id = ${userId} AND by <> 'admin'
      AND booking_id IN (SELECT id FROM booking WHERE guest_id = ${userId} OR host_id = ${userId})`);
  await em.execute(sql`
    UPDATE booking b SET version = version + 1, message = own.message,
      cancellation = CASE WHEN own.cancelled THEN jsonb_set(b.cancellation, '{reason}', '""') ELSE b.cancellation END
    FROM (
      SELECT id, CASE WHEN guest_id <> ${userId} THEN message END AS message,
        coalesce(cancellation ->> 'by' = CASE WHEN guest_id = ${userId} THEN 'guest' ELSE 'host' END
          AND cancellation ->> 'reason' <> '', false) AS cancelled
      FROM booking WHERE guest_id = ${userId} OR host_id = ${userId}) own
    WHERE b.id = own.id AND (own.cancelled OR b.message IS DISTINCT FROM own.message)`);
}
