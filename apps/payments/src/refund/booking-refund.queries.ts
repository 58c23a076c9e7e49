import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { decodeCursor, page, type PageOf } from '@roost/http';
import { z } from 'zod';
import type { BookingRefund } from './booking-refund.dto.js';

interface Viewer {
  id: string;
  roles: readonly string[];
}

type Row = Omit<BookingRefund, 'createdAt' | 'finishedAt'> & { createdAt: Date; finishedAt: Date | null };

/** The payments that the viewer sees: the own ones of a guest or host, all of an admin. */
const visibleTo = ({ id, roles }: Viewer) =>
  roles.includes('admin') ? sql`true` : sql`(p.guest_id = ${id} OR p.host_id = ${id})`;

/** Whether the booking has a payment that the viewer sees. */
export async function hasVisiblePayment(
  em: EntityManager,
  bookingId: string,
  viewer: Viewer,
): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    SELECT true FROM payment p WHERE p.booking_id = ${bookingId} AND ${visibleTo(viewer)} LIMIT 1`);
  return rows.length > 0;
}

/** One page of the refunds of each booking, in the order of the bookings; newest first. */
export async function refundsOfBookings(
  em: EntityManager,
  bookingIds: readonly string[],
  viewer: Viewer,
  { limit, cursor }: { limit: number; cursor: string | undefined },
): Promise<PageOf<BookingRefund>[]> {
  // Ids of version 7 are in the order of their creation.
  const before = decodeCursor(cursor, z.uuid());
  const rows = await em.execute<Row[]>(sql`
    SELECT r.* FROM unnest(ARRAY[${[...bookingIds]}]::uuid[]) AS b (id) CROSS JOIN LATERAL (
      SELECT r.id, p.booking_id AS "bookingId", r.payment_id AS "paymentId", r.amount_minor AS "amountMinor", p.currency,
        r.reason, r.status, r.created_at AS "createdAt", r.finished_at AS "finishedAt"
      FROM payment p JOIN refund r ON r.payment_id = p.id
      WHERE p.booking_id = b.id AND ${visibleTo(viewer)} AND (${before}::uuid IS NULL OR r.id < ${before}::uuid)
      ORDER BY r.id DESC LIMIT ${limit + 1}) r
    ORDER BY r.id DESC`);
  const byBooking = Map.groupBy(rows, (row) => row.bookingId);
  return bookingIds.map((id) => page((byBooking.get(id) ?? []).map(toView), limit, (refund) => refund.id));
}

const toView = (row: Row): BookingRefund => ({
  ...row,
  createdAt: row.createdAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
});
