import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** The payments among these, or of these bookings, that the viewer may see. */
export async function visiblePaymentIds(
  em: EntityManager,
  viewer: { id: string; roles: readonly string[] },
  subject: { paymentIds: readonly string[] } | { bookingIds: readonly string[] },
): Promise<string[]> {
  const among =
    'paymentIds' in subject
      ? sql`id = ANY(ARRAY[${subject.paymentIds}]::uuid[])`
      : sql`booking_id = ANY(ARRAY[${subject.bookingIds}]::uuid[])`;
  const rows = await em.execute<{ id: string }[]>(sql`
    SELECT id FROM payment WHERE ${among}
      AND (${viewer.roles.includes('admin')} OR ${viewer.id}::uuid IN (guest_id, host_id))`);
  return rows.map(({ id }) => id);
}
